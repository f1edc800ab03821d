#!/usr/bin/env bash
# Runs once, when the cluster is new: eight login roles and the database. The migrations say what each role may do.
#   bursar_owner   owns the schema; only `bursar migrate` uses it
#   bursar_writer  appends to the book (command-api)
#   bursar_reader  reads it (relay, projectors, query-api)
#   bursar_opener  reads the wrapped keys of personal data, for whoever may open it
#   bursar_asker   adds to the record of ad-hoc SQL, and keeps saved queries (query-api)
#   bursar_reactor reads it too, and writes what is to be done about it (reactors, timers)
#   bursar_projector keeps the table of the read models' versions (projectors)
#   bursar_operator asks something of them (query-api)
set -euo pipefail

secrets="${BURSAR_SECRETS_DIR:-/run/secrets}"

psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
  --set=owner_password="$(<"$secrets/postgres_owner_password")" \
  --set=writer_password="$(<"$secrets/postgres_writer_password")" \
  --set=reader_password="$(<"$secrets/postgres_reader_password")" \
  --set=opener_password="$(<"$secrets/postgres_opener_password")" \
  --set=reactor_password="$(<"$secrets/postgres_reactor_password")" \
  --set=projector_password="$(<"$secrets/postgres_projector_password")" \
  --set=operator_password="$(<"$secrets/postgres_operator_password")" \
  --set=asker_password="$(<"$secrets/postgres_asker_password")" <<'SQL'
CREATE ROLE bursar_owner LOGIN NOINHERIT PASSWORD :'owner_password';
CREATE ROLE bursar_writer LOGIN NOINHERIT PASSWORD :'writer_password';
CREATE ROLE bursar_reader LOGIN NOINHERIT PASSWORD :'reader_password';
CREATE ROLE bursar_opener LOGIN NOINHERIT PASSWORD :'opener_password';
CREATE ROLE bursar_asker LOGIN NOINHERIT PASSWORD :'asker_password';
CREATE ROLE bursar_reactor LOGIN NOINHERIT PASSWORD :'reactor_password';
CREATE ROLE bursar_projector LOGIN NOINHERIT PASSWORD :'projector_password';
CREATE ROLE bursar_operator LOGIN NOINHERIT PASSWORD :'operator_password';
GRANT bursar_reader TO bursar_reactor WITH INHERIT TRUE;
CREATE DATABASE bursar OWNER bursar_owner;
REVOKE ALL ON DATABASE bursar FROM PUBLIC;
GRANT CONNECT ON DATABASE bursar TO bursar_writer, bursar_reader, bursar_opener, bursar_reactor,
  bursar_projector, bursar_operator, bursar_asker;
SQL
