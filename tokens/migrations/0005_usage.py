"""Usage, and what was spent. The table of usage is partitioned by month, which the ORM cannot say: Django knows the model,
PostgreSQL is told here. Its partitions are made when they are needed, and some months ahead."""

import django.db.models.deletion
from django.db import migrations, models

# A row's application and workspace are its token's: the composite keys say so.
ADD = """
CREATE SEQUENCE tokens_usage_id_seq;
CREATE TABLE tokens_usage (
    id bigint NOT NULL DEFAULT nextval('tokens_usage_id_seq'),
    token_id bigint,
    application_id bigint,
    workspace_id bigint,
    day date NOT NULL,
    model varchar(100) NOT NULL,
    operation varchar(40) NOT NULL,
    code varchar(40) NOT NULL,
    calls bigint NOT NULL,
    units bigint NOT NULL,
    pack_units bigint NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (id, day),
    CONSTRAINT usage_one_row UNIQUE NULLS NOT DISTINCT (token_id, day, model, operation, code),
    CONSTRAINT usage_of_somebody_or_nobody CHECK (num_nulls(token_id, application_id, workspace_id) IN (0, 3)),
    CONSTRAINT usage_of_token FOREIGN KEY (token_id, workspace_id)
        REFERENCES tokens_token (id, workspace_id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT usage_of_applications FOREIGN KEY (application_id, workspace_id)
        REFERENCES tokens_application (id, workspace_id) DEFERRABLE INITIALLY DEFERRED
) PARTITION BY RANGE (day);
ALTER SEQUENCE tokens_usage_id_seq OWNED BY tokens_usage.id;
CREATE INDEX usage_of_application ON tokens_usage (application_id, day);
CREATE INDEX usage_of_workspace ON tokens_usage (workspace_id, day);
"""
REMOVE = "DROP TABLE tokens_usage"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_rights_on_demo_and_email_index'),
        ('tiers', '0010_orders_hold_as_their_state_says'),
        ('tokens', '0004_rows_of_one_workspace'),
    ]

    operations = [
        migrations.CreateModel(
            name='PackSpent',
            fields=[
                ('grant', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='spent', serialize=False, to='tiers.grant')),
                ('units', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='UsageCounter',
            fields=[
                ('process', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('folded', models.BigIntegerField()),
                ('folded_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='AllowanceSpent',
            fields=[
                ('pk', models.CompositePrimaryKey('subject', 'scope', 'period', 'starts_on', blank=True, editable=False, primary_key=True, serialize=False)),
                ('subject', models.CharField(max_length=12)),
                ('scope', models.CharField(max_length=12)),
                ('period', models.CharField(choices=[('day', 'day'), ('month', 'month')], max_length=5)),
                ('starts_on', models.DateField()),
                ('units', models.BigIntegerField()),
                ('pack_units', models.BigIntegerField()),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(ADD, REMOVE)],
            state_operations=[
                migrations.CreateModel(
                    name='Usage',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('day', models.DateField()),
                        ('model', models.CharField(max_length=100)),
                        ('operation', models.CharField(max_length=40)),
                        ('code', models.CharField(max_length=40)),
                        ('calls', models.BigIntegerField()),
                        ('units', models.BigIntegerField()),
                        ('pack_units', models.BigIntegerField()),
                        ('last_at', models.DateTimeField()),
                        ('application', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tokens.application')),
                        ('token', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='usage', to='tokens.token')),
                        ('workspace', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['application', 'day'], name='usage_of_application'), models.Index(fields=['workspace', 'day'], name='usage_of_workspace')],
                        'constraints': [models.UniqueConstraint(fields=('token', 'day', 'model', 'operation', 'code'), name='usage_one_row', nulls_distinct=False)],
                    },
                ),
            ],
        ),
    ]
