//! Objects of the branch that the new output does not have: a client that prunes deletes them.

use manifest::{Node, ObjectId};

use super::collector::RiskCollector;
use super::values::{annotation, items, text};

/// Custom resources whose operator deletes data with them: group, kind, what it is.
const DATABASES: &[(&str, &str, &str)] = &[
    ("postgresql.cnpg.io", "Cluster", "PostgreSQL cluster"),
    ("postgresql.cnpg.io", "Database", "PostgreSQL database"),
    ("acid.zalan.do", "postgresql", "PostgreSQL cluster"),
    ("postgres-operator.crunchydata.com", "PostgresCluster", "PostgreSQL cluster"),
    ("stackgres.io", "SGCluster", "PostgreSQL cluster"),
    ("mysql.oracle.com", "InnoDBCluster", "MySQL cluster"),
    ("pxc.percona.com", "PerconaXtraDBCluster", "MySQL cluster"),
    ("psmdb.percona.com", "PerconaServerMongoDB", "MongoDB cluster"),
    ("pgv2.percona.com", "PerconaPGCluster", "PostgreSQL cluster"),
    ("k8s.mariadb.com", "MariaDB", "MariaDB"),
    ("mongodbcommunity.mongodb.com", "MongoDBCommunity", "MongoDB cluster"),
    ("mongodb.com", "MongoDB", "MongoDB cluster"),
    ("kafka.strimzi.io", "Kafka", "Kafka cluster"),
    ("kafka.strimzi.io", "KafkaNodePool", "Kafka node pool"),
    ("kafka.strimzi.io", "KafkaTopic", "Kafka topic"),
    ("rabbitmq.com", "RabbitmqCluster", "RabbitMQ cluster"),
    ("elasticsearch.k8s.elastic.co", "Elasticsearch", "Elasticsearch cluster"),
    ("opensearch.opster.io", "OpenSearchCluster", "OpenSearch cluster"),
    ("cassandra.datastax.com", "CassandraDatacenter", "Cassandra datacenter"),
    ("k8ssandra.io", "K8ssandraCluster", "Cassandra cluster"),
    ("scylla.scylladb.com", "ScyllaCluster", "Scylla cluster"),
    ("clickhouse.altinity.com", "ClickHouseInstallation", "ClickHouse cluster"),
    ("redis.redis.opstreelabs.in", "RedisCluster", "Redis cluster"),
    ("redis.redis.opstreelabs.in", "Redis", "Redis"),
    ("databases.spotahome.com", "RedisFailover", "Redis"),
    ("dragonflydb.io", "Dragonfly", "Dragonfly"),
    ("minio.min.io", "Tenant", "MinIO tenant"),
    ("ceph.rook.io", "CephCluster", "Ceph cluster"),
    ("ceph.rook.io", "CephBlockPool", "Ceph pool"),
    ("ceph.rook.io", "CephFilesystem", "Ceph file system"),
    ("ceph.rook.io", "CephObjectStore", "Ceph object store"),
    ("objectbucket.io", "ObjectBucketClaim", "object bucket"),
    ("crdb.cockroachlabs.com", "CrdbCluster", "CockroachDB cluster"),
    ("pingcap.com", "TidbCluster", "TiDB cluster"),
    ("couchbase.com", "CouchbaseCluster", "Couchbase cluster"),
    ("nats.io", "NatsCluster", "NATS cluster"),
    ("sql.cnrm.cloud.google.com", "SQLInstance", "Cloud SQL instance"),
    ("rds.services.k8s.aws", "DBInstance", "RDS instance"),
    ("rds.aws.crossplane.io", "DBInstance", "RDS instance"),
    ("database.aws.crossplane.io", "RDSInstance", "RDS instance"),
    ("rds.aws.upbound.io", "Instance", "RDS instance"),
    ("sql.gcp.upbound.io", "DatabaseInstance", "Cloud SQL instance"),
];

/// Whether clients keep the object in the cluster when it is no longer in the output.
fn is_kept(object: &Node) -> bool {
    let options = annotation(object, "argocd.argoproj.io/sync-options").unwrap_or_default();
    let kept = options.split(',').map(str::trim).any(|option| matches!(option, "Prune=false" | "Delete=false"));
    kept || annotation(object, "kustomize.toolkit.fluxcd.io/prune") == Some("disabled")
        || annotation(object, "helm.sh/resource-policy") == Some("keep")
}

/// `all` are the objects of the branch.
pub(crate) fn check(id: &ObjectId, old: &Node, all: &[Node], found: &mut RiskCollector<'_>) {
    if is_kept(old) {
        return;
    }
    let (group, kind) = (id.gvk.group.as_str(), id.gvk.kind.as_str());
    let rule = match (group, kind) {
        ("", "Namespace") => "deletes-namespace",
        ("", "PersistentVolumeClaim") => "deletes-claim",
        ("", "PersistentVolume") => "deletes-volume",
        ("apps", "StatefulSet") => "deletes-stateful-set",
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            return found.add("deletes-crd", "", None, deleted_resources(old, all));
        }
        _ => match DATABASES.iter().find(|(of_group, of_kind, _)| *of_group == group && *of_kind == kind) {
            Some((_, _, what)) => return found.add("deletes-database", "", None, format!("the {what} is deleted")),
            None => return,
        },
    };
    found.add(rule, "", None, "it is deleted");
}

/// What is deleted with a definition, as far as it is in the unit.
fn deleted_resources(definition: &Node, all: &[Node]) -> String {
    let group = text(definition, &["spec", "group"]).unwrap_or_default();
    let kind = text(definition, &["spec", "names", "kind"]).unwrap_or_default();
    let own = all.iter().map(ObjectId::of).filter(|id| id.gvk.group == group && id.gvk.kind == kind).count();
    match own {
        0 => format!("it is deleted, with every {kind}.{group} of the cluster"),
        count => format!("it is deleted, with every {kind}.{group} of the cluster, {count} of this unit"),
    }
}

/// Versions that a changed definition no longer has.
pub(crate) fn removed_versions(old: &Node, new: &Node, found: &mut RiskCollector<'_>) {
    let names = |definition| -> Vec<&str> {
        items(definition, &["spec", "versions"]).iter().filter_map(|version| text(version, &["name"])).collect()
    };
    let kept = names(new);
    for version in names(old).into_iter().filter(|version| !kept.contains(version)) {
        let change = format!("version {version} is removed");
        found.add("crd-version-removed", "spec.versions", new.at_path(&["spec", "versions"]), change);
    }
}
