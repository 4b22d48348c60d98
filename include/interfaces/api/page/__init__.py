"""The page in Airflow's interface: rendered on the server, behind the guards of the REST API, which its forms call.

Every address is one name below ``page/`` with a query, and every link is relative to it: so the page works below any
base path, and each view has a permanent link.
"""
