FROM apache/airflow:3.3.2-python3.11

# The same pinned and hashed versions as `make run` uses; the index is the installer's own default.
COPY --chown=airflow:root requirements.txt /opt/airflow/requirements.txt
RUN pip install --no-cache-dir --require-hashes -r /opt/airflow/requirements.txt

# Named volumes take over these folders' owner when they are first mounted.
RUN mkdir -p /opt/airflow/artifacts /opt/airflow/logs /opt/airflow/secrets

COPY --chown=airflow:root dags /opt/airflow/dags
COPY --chown=airflow:root include /opt/airflow/include
COPY --chown=airflow:root plugins /opt/airflow/plugins
COPY --chown=airflow:root sql /opt/airflow/sql
COPY --chown=airflow:root tools /opt/airflow/tools

# Several retrains share the cores: threads of OpenMP (scikit-learn, LightGBM) that wait do not spin.
ENV PYTHONPATH=/opt/airflow OMP_WAIT_POLICY=PASSIVE
