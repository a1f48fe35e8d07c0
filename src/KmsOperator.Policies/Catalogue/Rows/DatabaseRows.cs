using static KmsOperator.Policies.Rows.CataloguePages;
using static KmsOperator.Policies.StatementParts;

namespace KmsOperator.Policies.Rows;

/// <summary>Databases, caches, warehouses and what queries them.</summary>
internal static class DatabaseRows
{
    /// <summary>The rows.</summary>
    public static IReadOnlyList<ServiceRow> All { get; } =
    [
        new("athena", "use via s3, where query results are", Of("athena/latest/ug/encryption"), [ViaService(Use, "s3")]),
        new(
            "athena-managed", "`encryption.athena` decrypts, describes, generates data keys for the account's workgroups (source and encryption context); the same via athena",
            Of("athena/latest/ug/managed-results"),
            [
                ByService(
                    "AthenaManagedResults", ["encryption.athena.amazonaws.com"], ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"], FromAccount,
                    FromResource("workgroupArns"), Like($"{Context}aws:athena:arn", Parameter("workgroupArns"))),
                ViaService(["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"], "athena"),
            ])
        {
            Parameters = new Dictionary<string, string> { ["workgroupArns"] = Own("athena", "workgroup/*") },
        },
        new(
            "aurora-dsql", "`dsql` encrypts, decrypts, re-encrypts, generates data keys for the account's clusters (source and encryption context), describes",
            Of("aurora-dsql/latest/userguide/data-encryption"),
            [
                ByService(
                    "AuroraDsql", ["dsql.amazonaws.com"], ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
                    FromResource("clusterArns"), TextLike($"{Context}aws:dsql:ClusterId", "*")),
                ByService("AuroraDsqlDescribe", ["dsql.amazonaws.com"], ["kms:DescribeKey"], FromResource("clusterArns")),
            ])
        {
            Parameters = new Dictionary<string, string> { ["clusterArns"] = Own("dsql", "cluster/*") },
        },
        new(
            "dynamodb-global", "`replication.dynamodb` decrypts, re-encrypts, generates data keys, describes for the tables of the account (source)",
            Of("amazondynamodb/latest/developerguide/globaltables_MA_security"),
            [
                ByService(
                    "DynamoDbReplication", ["replication.dynamodb.amazonaws.com"], ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
                    FromResource("tableArns")),
            ])
        {
            Parameters = new Dictionary<string, string> { ["tableArns"] = Arn("dynamodb", "*", "table/*") },
        },
        new("elasticache", "use and grants via elasticache and dax", Of("AmazonElastiCache/latest/dg/at-rest-encryption"), [ViaService([.. Use, Grant], "elasticache", "dax")]),
        new("memorydb", "use and grants via memorydb", Of("memorydb/latest/devguide/at-rest-encryption"), [ViaService([.. Use, Grant], "memorydb")]),
        new(
            "neptune", "encrypt, decrypt, re-encrypt, generate data keys, describe, grants via rds", Of("neptune/latest/userguide/encrypt"),
            [
                ViaService(
                    ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo", Grant],
                    "rds"),
            ]),
        new(
            "opensearch", "describe, grants for AWS resources via es and aoss", Of("opensearch-service/latest/developerguide/encryption-at-rest"),
            [ViaService(["kms:DescribeKey"], "es", "aoss"), GrantsVia("es", "aoss")]),
        new(
            "rds-pi", "decrypt, generate data keys via rds for Performance Insights (encryption context)", Of("AmazonRDS/latest/UserGuide/USER_PerfInsights.access-control.cmk-policy"),
            [
                ViaService(
                    "PerformanceInsights", ["kms:Decrypt", "kms:GenerateDataKey"], ["rds"], Equal($"{Context}aws:pi:service", "rds"), Equal($"{Context}service", "pi")),
            ]),
        new(
            "redshift-zeroetl", "`redshift` makes grants limited to decrypting, generating data keys and grants, and decrypts for the account's integrations",
            Of("amazondynamodb/latest/developerguide/RedshiftforDynamoDB-zero-etl"),
            [
                ByService(
                    "RedshiftIntegrationGrants", ["redshift.amazonaws.com"], [Grant],
                    new ConditionTemplate("ForAllValues:StringEquals", "kms:GrantOperations", ["CreateGrant", "Decrypt", "GenerateDataKey"])),
                ByService("RedshiftIntegrations", ["redshift.amazonaws.com"], ["kms:Decrypt"], FromAccount, FromResource("integrationArns")),
            ])
        {
            Parameters = new Dictionary<string, string> { ["integrationArns"] = Own("redshift", "integration:*") },
        },
    ];
}
