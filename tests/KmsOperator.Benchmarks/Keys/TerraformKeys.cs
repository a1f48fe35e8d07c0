using System.Text.Json.Nodes;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;

namespace KmsOperator.Benchmarks.Keys;

/// <summary>
/// Makes keys as the operator makes them, with its policies and the tags of its resources, and writes the state that Terraform would have if it had made them. Terraform itself takes longer
/// to make them than everything else that is measured.
/// </summary>
internal static class TerraformKeys
{
    private const string Provider = "provider[\"registry.terraform.io/hashicorp/aws\"]";

    /// <summary>Makes the keys in us-east-1.</summary>
    /// <param name="endpoint">The simulator.</param>
    /// <param name="rendered">A file that <c>kms-operator render -o json</c> wrote. It gets the operator's tags.</param>
    /// <param name="clusterId">Whose keys they are.</param>
    /// <param name="state">Where the state goes.</param>
    public static async Task WriteAsync(string endpoint, string rendered, string clusterId, string state)
    {
        using var kms = new AmazonKeyManagementServiceClient(
            new BasicAWSCredentials("any", "any"), new AmazonKeyManagementServiceConfig { ServiceURL = endpoint, AuthenticationRegion = "us-east-1" });
        var keys = JsonNode.Parse(await File.ReadAllTextAsync(rendered))!.AsArray();
        var (ofKeys, ofAliases) = (new JsonArray(), new JsonArray());
        foreach (var key in keys.Select(key => key!.AsObject()))
        {
            var (name, alias, description, policy) = ((string)key["name"]!, (string)key["alias"]!, (string)key["description"]!, key["policy"]!.ToJsonString());
            var tags = key["tags"]!.AsObject();
            tags["servicekey.dev/cluster"] = clusterId;
            tags["servicekey.dev/owner"] = $"ServiceKey/{(string)key["namespace"]!}/{name}";
            tags["servicekey.dev/uid"] = $"uid-of-{name}";
            var made = (await kms.CreateKeyAsync(new CreateKeyRequest
            {
                Description = description,
                Policy = policy,
                Tags = [.. tags.Select(tag => new Tag { TagKey = tag.Key, TagValue = (string)tag.Value! })],
            })).KeyMetadata;
            await kms.CreateAliasAsync(new CreateAliasRequest { AliasName = alias, TargetKeyId = made.KeyId });
            await kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = made.KeyId });
            ofKeys.Add(Instance(name, new JsonObject
            {
                ["arn"] = made.Arn,
                ["bypass_policy_lockout_safety_check"] = false,
                ["customer_master_key_spec"] = "SYMMETRIC_DEFAULT",
                ["description"] = description,
                ["enable_key_rotation"] = true,
                ["id"] = made.KeyId,
                ["is_enabled"] = true,
                ["key_id"] = made.KeyId,
                ["key_usage"] = "ENCRYPT_DECRYPT",
                ["multi_region"] = false,
                ["policy"] = policy,
                ["rotation_period_in_days"] = 365,
                ["tags"] = tags.DeepClone(),
                ["tags_all"] = tags.DeepClone(),
            }));
            ofAliases.Add(Instance(name, new JsonObject
            {
                ["arn"] = $"arn:aws:kms:us-east-1:{made.AWSAccountId}:{alias}",
                ["id"] = alias,
                ["name"] = alias,
                ["target_key_arn"] = made.Arn,
                ["target_key_id"] = made.KeyId,
            }));
        }

        await File.WriteAllTextAsync(rendered, keys.ToJsonString());
        await File.WriteAllTextAsync(state, new JsonObject
        {
            ["version"] = 4,
            ["terraform_version"] = "1.7.0",
            ["serial"] = 1,
            ["lineage"] = "kms-operator-bench",
            ["outputs"] = new JsonObject(),
            ["resources"] = new JsonArray(Resource("aws_kms_key", "key", ofKeys), Resource("aws_kms_alias", "alias", ofAliases)),
        }.ToJsonString());
    }

    private static JsonObject Instance(string key, JsonObject attributes) => new() { ["index_key"] = key, ["schema_version"] = 0, ["attributes"] = attributes };

    private static JsonObject Resource(string type, string name, JsonArray instances) => new()
    {
        ["mode"] = "managed",
        ["type"] = type,
        ["name"] = name,
        ["provider"] = Provider,
        ["instances"] = instances,
    };
}
