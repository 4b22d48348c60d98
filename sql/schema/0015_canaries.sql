-- Canaries: which share of the traffic somebody gives to a version beside the champion. Recorded here, routed elsewhere.

CREATE TABLE canary_shares (
    id               bigserial PRIMARY KEY,
    model_name       text NOT NULL,
    version          integer NOT NULL,
    champion_version integer NOT NULL,
    share            double precision NOT NULL CHECK (share BETWEEN 0 AND 100),
    set_by           text NOT NULL,
    reason           text NOT NULL,
    set_at           timestamptz NOT NULL,
    FOREIGN KEY (model_name, version) REFERENCES model_version_management,
    FOREIGN KEY (model_name, champion_version) REFERENCES model_version_management,
    CHECK (version <> champion_version)
);
CREATE INDEX canary_shares_by_model ON canary_shares (model_name, id DESC);
COMMENT ON TABLE canary_shares IS
    'One change of a canary: who gave which share of the traffic to which version. Rows are only added; nothing routes by them.';
COMMENT ON COLUMN canary_shares.share IS 'Per cent of the traffic; 0 ends the canary.';
COMMENT ON COLUMN canary_shares.champion_version IS 'The champion that has the rest. When it is replaced, the canary ends.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON canary_shares
    FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER append_only_as_a_whole BEFORE TRUNCATE ON canary_shares
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

CREATE VIEW model_canaries AS
SELECT c.*
FROM (SELECT DISTINCT ON (model_name) * FROM canary_shares ORDER BY model_name, id DESC) c
JOIN model_version_management champion
    ON champion.model_name = c.model_name AND champion.version = c.champion_version AND champion.status = 'champion'
-- A champion that was replaced and has come back since does not bring its canary back.
WHERE c.share > 0 AND NOT EXISTS (
    SELECT FROM model_deployment_history d WHERE d.model_name = c.model_name AND d.deployed_at > c.set_at
);
COMMENT ON VIEW model_canaries IS 'The canaries that run now, one a model at most.';
