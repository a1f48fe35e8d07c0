using System.Text;
using System.Text.Json.Nodes;

namespace KmsOperator.UnitTests.Importing.Terraform;

/// <summary>Writes Terraform states for tests, as Terraform 1.11 and its AWS provider 5 write them. Each has secrets where states have them.</summary>
internal sealed class StateText
{
    public const string Secret = "hunter2-and-more";

    private readonly List<(string Module, string Type, string Name, JsonNode? Index, JsonObject Attributes)> _resources = [];

    /// <summary>Adds a resource; attributes are JSON with ' for ".</summary>
    public StateText Add(string address, string attributes) => Add(address, JsonNode.Parse(attributes.Replace('\'', '"'))!.AsObject());

    public StateText Add(string address, JsonObject attributes)
    {
        var index = address.EndsWith(']') ? address.LastIndexOf('[') : address.Length;
        var parts = address[..index].Split('.');
        _resources.Add((
            string.Join('.', parts[..^2]), parts[^2], parts[^1],
            index == address.Length ? null : JsonNode.Parse(address[(index + 1)..^1]), attributes));
        return this;
    }

    /// <summary>A state file of version 4.</summary>
    public byte[] ToState(int version = 4) => Bytes(new JsonObject
    {
        ["version"] = version,
        ["terraform_version"] = "1.11.4",
        ["serial"] = 3,
        ["lineage"] = "8d9a3b8e-0000-0000-0000-000000000000",
        ["outputs"] = new JsonObject { ["password"] = new JsonObject { ["value"] = Secret, ["type"] = "string", ["sensitive"] = true } },
        ["resources"] = new JsonArray(
        [
            Database(new JsonObject { ["instances"] = new JsonArray(new JsonObject { ["attributes"] = Password(), ["private"] = Secret }) }),
            .. _resources.GroupBy(one => (one.Module, one.Type, one.Name)).Select(group =>
            {
                var resource = new JsonObject { ["mode"] = "managed", ["type"] = group.Key.Type, ["name"] = group.Key.Name, ["provider"] = "provider[\"registry.terraform.io/hashicorp/aws\"]" };
                if (group.Key.Module.Length > 0)
                    resource.Insert(0, "module", group.Key.Module);
                resource["instances"] = new JsonArray([.. group.Select(one =>
                {
                    var instance = new JsonObject { ["schema_version"] = 0, ["attributes"] = WithSecrets(one.Attributes), ["sensitive_attributes"] = new JsonArray(), ["private"] = Secret };
                    if (one.Index is not null)
                        instance.Insert(0, "index_key", one.Index.DeepClone());
                    return (JsonNode)instance;
                })]);
                return (JsonNode)resource;
            }),
        ]),
        ["check_results"] = null,
    });

    /// <summary>The output of <c>terraform show -json</c>.</summary>
    public byte[] ToShown()
    {
        var modules = _resources.GroupBy(one => one.Module).Select(group =>
        {
            var module = new JsonObject
            {
                ["resources"] = new JsonArray([.. group.Select(one =>
                {
                    var resource = new JsonObject { ["address"] = "ignored", ["mode"] = "managed", ["type"] = one.Type, ["name"] = one.Name, ["values"] = WithSecrets(one.Attributes), ["sensitive_values"] = new JsonObject() };
                    if (one.Index is not null)
                        resource["index"] = one.Index.DeepClone();
                    return (JsonNode)resource;
                })]),
            };
            if (group.Key.Length > 0)
                module["address"] = group.Key;
            return module;
        }).ToArray();
        var root = modules.FirstOrDefault(module => module["address"] is null) ?? new JsonObject { ["resources"] = new JsonArray() };
        root["resources"]!.AsArray().Add(Database(new JsonObject { ["values"] = Password() }));
        root["child_modules"] = new JsonArray([.. modules.Where(module => module["address"] is not null)]);
        return Bytes(new JsonObject
        {
            ["format_version"] = "1.0",
            ["terraform_version"] = "1.11.4",
            ["values"] = new JsonObject { ["outputs"] = new JsonObject { ["password"] = new JsonObject { ["value"] = Secret } }, ["root_module"] = root },
        });
    }

    private static JsonObject Password() => new() { ["password"] = Secret, ["arn"] = "arn:aws:rds:us-east-1:123456789012:db:main" };

    private static JsonObject Database(JsonObject resource)
    {
        resource.Insert(0, "mode", "managed");
        resource.Insert(1, "type", "aws_db_instance");
        resource.Insert(2, "name", "main");
        return resource;
    }

    private static JsonObject WithSecrets(JsonObject attributes)
    {
        var all = attributes.DeepClone().AsObject();
        all["key_material_base64"] = Secret;
        all["grant_token"] = Secret;
        return all;
    }

    private static byte[] Bytes(JsonObject json) => Encoding.UTF8.GetBytes(json.ToJsonString(new() { WriteIndented = true }));
}
