using static KmsOperator.Policies.Rows.CataloguePages;
using static KmsOperator.Policies.StatementParts;

namespace KmsOperator.Policies.Rows;

/// <summary>Services of which AWS's pages say that they use keys through the caller, and not which actions: use, and grants for AWS resources, through them.</summary>
/// <remarks>Names of the services in <c>kms:ViaService</c>: AWS KMS developer guide, "AWS KMS condition keys", kms:ViaService.</remarks>
internal static class GeneralRows
{
    /// <summary>The rows.</summary>
    public static IReadOnlyList<ServiceRow> All { get; } =
    [
        Row("documentdb", "docdb-elastic (elastic clusters; of instance-based ones nothing is known)", "kms/latest/developerguide/conditions-kms", "docdb-elastic"),
        Row("msk", "kafka", "msk/latest/developerguide/msk-encryption", "kafka"),
        Row("redshift", "redshift, redshift-serverless and sqlworkbench", "redshift/latest/mgmt/working-with-db-encryption", "redshift", "redshift-serverless", "sqlworkbench"),
        Row("sagemaker", "sagemaker", "sagemaker/latest/dg/key-management", "sagemaker"),
        Row("timestream", "timestream", "timestream/latest/developerguide/EncryptionAtRest", "timestream"),
    ];

    private static ServiceRow Row(string name, string words, string page, params string[] services) =>
        new(name, $"use, grants for AWS resources via {words}", Of(page), [ViaService(Use, services), GrantsVia(services)]) { IsGeneral = true };
}
