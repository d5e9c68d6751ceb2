"""Runs moto's server until standard input closes, which it does when the test process ends, however it ends."""

import os
import sys
import threading

from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult
from moto.server import main


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


# Moto knows no notifications, so no group has any.
AutoScalingResponse.describe_notification_configurations = lambda self: ActionResult(
    {"NotificationConfigurations": []}
)

threading.Thread(target=end_with_parent, daemon=True).start()
main(["-H", "127.0.0.1", "-p", "0"])
