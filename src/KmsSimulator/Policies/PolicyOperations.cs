using System.Text.Json.Nodes;
using KmsSimulator.Protocol;

namespace KmsSimulator.Policies;

/// <summary>PutKeyPolicy, GetKeyPolicy, ListKeyPolicies.</summary>
internal static class PolicyOperations
{
    public static JsonObject PutKeyPolicy(KmsCall call)
    {
        var text = ReadPolicy(call.Input, required: true)!;
        var bypass = call.Input.Boolean("BypassPolicyLockoutSafetyCheck") ?? false;
        var name = PolicyName(call);
        call.Input.Validate();
        var key = call.KeyToWrite();
        RequireDefault(name);
        var policy = KeyPolicy.Accept(text, bypass, call, key.Arn);
        call.Owner.Write(key, key.Current with { Policy = policy }, call.Now);
        return [];
    }

    public static JsonObject GetKeyPolicy(KmsCall call)
    {
        var name = PolicyName(call);
        call.Input.Validate();
        var (_, record) = call.KeyToRead();
        RequireDefault(name);
        return new JsonObject { ["Policy"] = record.Policy.Document, ["PolicyName"] = KeyPolicy.Name };
    }

    public static JsonObject ListKeyPolicies(KmsCall call)
    {
        var paging = call.Paging(100, 1000);
        call.Input.Validate();
        call.KeyToRead();
        return paging.Page("PolicyNames", [KeyPolicy.Name], name => name, name => name);
    }

    /// <summary>The Policy parameter of CreateKey, PutKeyPolicy and ReplicateKey.</summary>
    public static string? ReadPolicy(KmsInput input, bool required = false) =>
        input.String("Policy", 1, 131072, Pattern.PolicyText, required);

    private static string? PolicyName(KmsCall call) => call.Input.String("PolicyName", 1, 128, Pattern.Word);

    private static void RequireDefault(string? name)
    {
        if (name is not (null or KeyPolicy.Name))
            throw Errors.NotFound("No such policy exists");
    }
}
