using System.Text.Json.Nodes;
using KmsOperator.Api;

namespace KmsOperator.Plans.Cluster;

/// <summary>
/// The defaults that the API server fills into a spec by the CRDs' schemas. Without them, a manifest would seem to differ from the resource that was made from it.
/// </summary>
internal static class SpecDefaults
{
    private const string KeyClassDefaults =
        """
        {
          "aliasTemplate": "{prefix}/{service}",
          "policyPreset": "Canonical",
          "rotation": {"enabled": true, "periodDays": 365},
          "deletionPolicy": "Retain",
          "pendingDeletionWindowDays": 30,
          "allowed": {},
          "guards": {"rotationPeriodDays": {}},
          "allowedNamespaces": {"from": "All"},
          "permissions": {"policyOverride": "Allow", "additionalAccess": "Allow", "adoption": "Deny", "aliasTakeOver": "Deny", "undelete": "Deny"}
        }
        """;

    private const string ServiceKeyDefaults =
        """
        {
          "keySpec": "SYMMETRIC_DEFAULT", "keyUsage": "ENCRYPT_DECRYPT", "multiRegion": false, "enabled": true,
          "takeOverAlias": false, "recreateLostKey": false, "managementPolicy": "Full", "suspend": false
        }
        """;

    private const string KeyReplicaDefaults = """{"enabled": true, "takeOverAlias": false, "managementPolicy": "Full", "suspend": false}""";

    /// <summary>Fills in what is absent.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="spec">Its spec, which is changed.</param>
    public static void Fill(string kind, JsonObject spec) => Fill(
        spec,
        JsonNode.Parse(kind switch
        {
            KeyClass.KindName => KeyClassDefaults,
            ServiceKey.KindName => ServiceKeyDefaults,
            _ => KeyReplicaDefaults,
        })!.AsObject());

    private static void Fill(JsonObject target, JsonObject defaults)
    {
        foreach (var (name, value) in defaults)
        {
            if (target[name] is JsonObject inner && value is JsonObject nested)
            {
                Fill(inner, nested);
            }
            else if (!target.ContainsKey(name))
            {
                target[name] = value?.DeepClone();
            }
        }
    }
}
