# No digest is known here: docs/cluster.md has the command that pins one.
FROM apache/airflow:3.3.2-python3.11

# The same pinned and hashed versions as `make run` uses; the index is the installer's own default.
COPY --chown=airflow:root requirements.txt /opt/airflow/requirements.txt
RUN pip install --no-cache-dir --require-hashes -r /opt/airflow/requirements.txt

# Named volumes take over these folders' owner when they are first mounted. Airflow would write a configuration file where
# there is none, and the containers' own file system is read-only.
RUN mkdir -p /opt/airflow/artifacts /opt/airflow/logs /opt/airflow/scraper /opt/airflow/secrets \
    && touch /opt/airflow/airflow.cfg

COPY --chown=airflow:root dags /opt/airflow/dags
COPY --chown=airflow:root include /opt/airflow/include
COPY --chown=airflow:root plugins /opt/airflow/plugins
COPY --chown=airflow:root sql /opt/airflow/sql
COPY --chown=airflow:root tools /opt/airflow/tools

# Several retrains share the cores: threads of OpenMP (scikit-learn, LightGBM) that wait do not spin.
ENV PYTHONPATH=/opt/airflow PYTHONDONTWRITEBYTECODE=1 XDG_CACHE_HOME=/tmp/cache OMP_WAIT_POLICY=PASSIVE
