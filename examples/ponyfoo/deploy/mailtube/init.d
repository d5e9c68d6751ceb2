#!/bin/sh
### BEGIN INIT INFO
# Provides:          mailtube
# Required-Start:    $network $remote_fs
# Required-Stop:     $network $remote_fs
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: the application server
### END INIT INFO
. /etc/default/mailtube
case "$1" in
  start) start-stop-daemon --start --background --make-pidfile --pidfile /run/mailtube.pid --exec /usr/bin/node -- /var/www/current/server.js ;;
  stop) start-stop-daemon --stop --pidfile /run/mailtube.pid ;;
  restart) "$0" stop; "$0" start ;;
  *) echo "usage: $0 start|stop|restart" >&2; exit 1 ;;
esac
