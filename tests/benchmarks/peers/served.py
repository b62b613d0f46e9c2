"""What granian serves for the Django peers."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.peers.settings"
application = get_wsgi_application()
