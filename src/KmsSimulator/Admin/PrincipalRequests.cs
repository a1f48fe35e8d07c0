using System.Text.Json;
using System.Text.Json.Nodes;
using KmsSimulator.Policies;
using KmsSimulator.State;

namespace KmsSimulator.Admin;

/// <summary><c>POST /_sim/principals</c>: which roles, users and accounts exist, and which no longer do.</summary>
internal static class PrincipalRequests
{
    public static JsonObject Set(Simulation simulation, JsonElement body)
    {
        var request = new AdminRequest(body, "exists", "delete", "strict");
        var (exists, delete, strict) = (request.Texts("exists"), request.Texts("delete"), request.Boolean("strict"));
        foreach (var arn in exists.Concat(delete))
        {
            if (!PolicyPrincipal.IsRoleOrUser(arn) && !PolicyPrincipal.IsAccountId(arn))
                throw new AdminException($"{arn} is not the ARN of a role or user, nor the id of an account.");
        }

        foreach (var arn in exists)
            simulation.Principals.Add(arn);
        var ids = new JsonObject();
        foreach (var account in delete.Where(PolicyPrincipal.IsAccountId))
            simulation.Principals.DeleteAccount(account);
        foreach (var arn in delete.Where(PolicyPrincipal.IsRoleOrUser))
            ids[arn] = Delete(simulation, arn);
        if (strict is { } value)
            simulation.Principals.Strict = value;
        return new JsonObject { ["deleted"] = ids };
    }

    /// <summary>Policies hold principals by unique id; with the principal gone, the id is all there is to show.</summary>
    private static string Delete(Simulation simulation, string arn)
    {
        var id = simulation.Principals.Delete(arn);
        simulation.Sessions.End(arn);
        foreach (var account in simulation.Accounts)
        {
            lock (account.Gate)
            {
                var now = simulation.Clock.GetUtcNow();
                account.Settle(now);
                foreach (var (name, region) in account.Regions)
                {
                    foreach (var keyId in region.KeyIds)
                    {
                        var key = region.Key(keyId)!;
                        var policy = key.Current.Policy.WithoutPrincipal(arn, id, Arn.Partition(name));
                        if (policy != key.Current.Policy)
                            key.Record.Write(key.Current with { Policy = policy }, now, now);
                    }
                }
            }
        }

        return id;
    }
}
