using System.Text.Json.Nodes;
using KmsSimulator.Policies;
using KmsSimulator.Protocol;

namespace KmsSimulator.Operations;

/// <summary>PutKeyPolicy, GetKeyPolicy, ListKeyPolicies.</summary>
internal sealed class PolicyOperations(PrincipalDirectory principals)
{
    public JsonNode PutKeyPolicy(KmsCall call)
    {
        var key = call.Key();
        RequireDefault(call);
        var policy = call.Required("Policy", 1, 131072);
        PolicyCheck.Check(policy, call.Caller, call.Boolean("BypassPolicyLockoutSafetyCheck") == true, principals);
        call.Region.Put(key with { Policy = policy });
        return new JsonObject();
    }

    public static JsonNode GetKeyPolicy(KmsCall call)
    {
        var key = call.Key();
        RequireDefault(call);
        return new JsonObject { ["Policy"] = StoredPolicy.Show((call.Region.Visible(key.KeyId) ?? key).Policy), ["PolicyName"] = "default" };
    }

    public static JsonNode ListKeyPolicies(KmsCall call)
    {
        call.Key();
        return call.Page("PolicyNames", ["default"], name => name, name => name, 100, 1000);
    }

    private static void RequireDefault(KmsCall call)
    {
        if (call.String("PolicyName", 1, 128) is { } name && name != "default")
        {
            throw KmsException.NotFound($"No such policy exists: {name}");
        }
    }
}
