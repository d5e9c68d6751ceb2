package 'ntp'
