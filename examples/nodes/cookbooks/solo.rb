cookbook_path ['/tmp/cookbooks']
