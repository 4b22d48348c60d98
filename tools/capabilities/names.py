"""Every call, command, endpoint, column and metric that five other systems print in their documentation.

Whoever comes from one of them looks for these names. The catalogue has to say of each what it is called here, or that
it is not there: `tests/capabilities` compares.
"""

from __future__ import annotations

from collections.abc import Mapping

#: The letter of a system's lines, and what it is.
SYSTEMS: Mapping[str, str] = {
    "A": "a registry of retrainings behind a REST API",
    "B": "a manager that watches data files, with a command line, a REST API and Prometheus",
    "C": "a pipeline of scheduled jobs on six tables",
    "F": "a six-hourly Airflow DAG with drift detectors and one events table",
    "G": "a library of retraining triggers",
}

#: By that letter, in the groups in which they are printed.
NAMES: Mapping[str, str] = {
    "A": """
        POST /retrain | POST /retrain/advanced | GET /retrain/history/{model} | GET /retrain/lineage/{model}
        GET /retrain/compare/{model}?version1=&version2= | GET /retrain/recommendations/{model}
        POST /retrain/check-triggers
        model_name | training_data_path | current_metrics | retraining_notes | created_by | hyperparameters
        trigger | trigger_reason | manual | performance_degradation | data_drift | scheduled
        red_team_failure | new_data
        retraining_id | parent_model_id | parent_model_version | start_time | end_time | status
        training_data_hash | training_data_size
        performance_metrics | parent_performance | performance_delta | training_duration | gpu_usage
        memory_usage
        model_id | version | parent_versions | children_versions | creation_time | last_updated
        total_retraining_count | performance_history | deployment_history | deployed_by
        accuracy_drop | f1_drop | precision_drop | recall_drop
        start_retraining() | complete_retraining() | check_retraining_triggers() | compare_model_versions()
        get_retraining_recommendations() | percent_change | RetrainingTrigger.MANUAL
        RetrainingMetadata | ModelLineage | ModelStatus
        audit trail | compliance report | resource usage report""",
    "B": """
        start | stop | start --iris-data --housing-data | status | history | history --model | history --limit
        trigger iris | config --model iris
        POST /retraining/start | POST /retraining/stop | GET /retraining/status
        GET /retraining/history?model_name=&limit= | POST /retraining/trigger/{model}
        is_running | history[] | trigger_type | trigger_time | duration | data_hash | description
        data_path | check_interval | min_data_size | max_model_age_hours | performance_threshold
        enable_auto_retraining
        RetrainingConfig | start_retraining_monitoring() | notification_callback
        data change trigger | cooldown | time trigger | performance trigger | manual trigger | queue of requests
        model_retraining_triggered_total{model_name,trigger_type}
        model_retraining_duration_seconds{model_name,status} | model_retraining_success_total{model_name}
        model_retraining_failure_total{model_name,error_type} | model_age_seconds{model_name}
        {model_name}_retraining | mlflow.log_metric | mlflow.sklearn.log_model | logs/retraining.log
        pip install watchdog | src/models/saved/""",
    "C": """
        auto_retraining_jobs | retraining_job_history | model_drift_monitoring | model_performance_tracking
        model_version_management | auto_retraining_config
        initialize() | start() | _check_and_run_jobs() | _should_retrain() | _retrain_model() | _monitor_model_drift()
        _monitor_model_performance() | RetrainingJob | DriftMetrics | ModelPerformance | EnhancedAutoRetrainingPipeline
        scheduled retraining | performance degradation | data drift | model age | PSI | KL divergence
        statistical tests | feature-level monitoring | AUC | precision/recall | F1 | Sharpe ratio | win rate
        maximum drawdown | automatic version numbers | deployment status | incremental vs. full
        LightGBM 02:00 0.25 0.8 incremental | LSTM 03:00 0.3 0.75 full | Transformer 04:00 0.3 0.75 full
        Ensemble 05:00 0.2 0.85 incremental | e-mail, Slack, webhook | three concurrent jobs | pipeline statistics
        A/B testing | canary deployment | rollback | dashboards | Kubernetes | cloud storage | real-time streaming
        API gateway | predictive alerting""",
    "F": """
        DataDriftDetector(threshold=).detect_distribution_shift()
        ConceptDriftDetector(window_size=).detect_prediction_error_drift() | ModelPerformanceMonitor
        AutomaticRetrainingOrchestrator().should_retrain() | triggered, reason, severity, confidence | DriftType
        RetrainingTrigger (dataclass) | RetrainingExecutor(project_root=).execute_full_retraining_pipeline()
        prepare_training_data() | execute_retraining() | log_retraining_event() | data_drift_threshold=0.05
        r2_threshold=0.05 | rmse_threshold=0.10 | error_threshold=0.15 | z_score_threshold=3.0
        outlier_pct_threshold=5.0 | min_samples=100 | performance_threshold= | min_samples_for_retraining=
        --reference-data --recent-data --recent-predictions --recent-actuals --r2 --rmse | RETRAINING DECISION: YES
        retraining_executor.py --reference-data --recent-data | retraining_executor.log
        model_retraining_events | id | trigger_type | severity | drift_type | trigger_reason | trigger_metrics
        execution_attempted | execution_successful | execution_metrics | retraining_model_version | retraining_r2
        retraining_rmse | retraining_accuracy | comparison_previous_r2 | improvement_r2_percent | triggered_at
        execution_completed_at | improvement_rmse_percent | improvement_accuracy_percent
        idx_retraining_severity | idx_retraining_trigger_type | idx_retraining_triggered_at
        idx_retraining_execution_successful
        all events | recent retraining | trigger frequency | improvement after retraining
        automatic_model_retraining | 0 */6 * * * | analyze_retraining_need | check_retraining_decision
        execute_retraining | log_retraining_completion | LOW MEDIUM HIGH CRITICAL | root cause | train.py""",
    "G": """
        RetrainingTriggerManager() | register_drift_trigger() | register_performance_trigger()
        evaluate(drift_metrics=, current_metrics=, baseline_metrics=) | report.triggered | report.recommendations
        DriftTrigger | PerformanceTrigger | TimeTrigger | DataVolumeTrigger | CompositeTrigger(logic='AND')
        RetrainingTrigger (protocol) | TriggerDetail | RetrainingReport | to_json() | to_markdown() | TriggerConfig
        conservative, balanced, aggressive | RetrainingTriggerManager(metrics_engine=) | check_retraining_needed()
        MetricsEngine | ModelRegistry | ExperimentDB | custom drift metrics | trigger history | model size trigger
        inference latency trigger | cost trigger | trigger dashboard | adaptive thresholds | multi-model comparison
        Kubeflow Pipelines | Vertex AI""",
}


def names_of(system: str) -> tuple[str, ...]:
    """The names that one system prints, each once."""
    return tuple(name.strip() for line in NAMES[system].strip().splitlines() for name in line.split(" | "))
