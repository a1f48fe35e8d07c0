using System.Text;
using System.Text.Json.Nodes;
using KmsOperator.Api;

namespace KmsOperator.Benchmarks.Load;

/// <summary>The resources that the bench makes, as bytes.</summary>
internal static class ResourceBodies
{
    private const string ApiVersion = $"{ApiGroup.Name}/{ApiGroup.Version}";

    public static byte[] Key(string @namespace, int i, string className) => Bytes(new JsonObject
    {
        ["apiVersion"] = ApiVersion,
        ["kind"] = ServiceKey.KindName,
        ["metadata"] = new JsonObject { ["namespace"] = @namespace, ["name"] = ApiPaths.KeyName(i) },
        ["spec"] = new JsonObject { ["className"] = className, ["service"] = "s3", ["alias"] = $"alias/bench/{@namespace}/{i}" },
    });

    public static byte[] Class(string name, long account) => Bytes(new JsonObject
    {
        ["apiVersion"] = ApiVersion,
        ["kind"] = KeyClass.KindName,
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject
        {
            ["region"] = "us-east-1",
            ["aliasPrefix"] = "bench",
            ["account"] = new JsonObject { ["roleArn"] = $"arn:aws:iam::{account:d12}:role/kms-operator" },
        },
    });

    public static byte[] Bytes(JsonNode json) => Encoding.UTF8.GetBytes(json.ToJsonString());
}
