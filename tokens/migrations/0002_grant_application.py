"""The foreign key of `tiers_grant.application_id`, made here because imports point down only.

It is composite: a grant's application belongs to the grant's own workspace."""

from django.db import migrations

ADD = """
ALTER TABLE tokens_application ADD CONSTRAINT application_in_workspace UNIQUE (id, workspace_id);
ALTER TABLE tiers_grant ADD CONSTRAINT grant_application FOREIGN KEY (application_id, workspace_id)
    REFERENCES tokens_application (id, workspace_id) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX grant_by_application ON tiers_grant (application_id) WHERE application_id IS NOT NULL;
"""
REMOVE = """
DROP INDEX grant_by_application;
ALTER TABLE tiers_grant DROP CONSTRAINT grant_application;
ALTER TABLE tokens_application DROP CONSTRAINT application_in_workspace;
"""


class Migration(migrations.Migration):
    dependencies = [("tokens", "0001_initial"), ("tiers", "0001_initial")]
    operations = [migrations.RunSQL(ADD, REMOVE)]
