using System.Text.Json;
using System.Text.Json.Nodes;
using KmsSimulator.Policies;
using KmsSimulator.State;
using KmsSimulator.Sts;

namespace KmsSimulator.Admin;

/// <summary><c>POST /_sim/callers</c>: credentials of a service, or of a principal, directly or through a service.</summary>
internal static class CallerRequests
{
    public static JsonObject Make(Simulation simulation, JsonElement body)
    {
        var request = new AdminRequest(body, "principal", "service", "viaService", "sourceArn", "sourceAccount");
        var (principal, service) = (request.Text("principal"), request.Text("service"));
        if (principal is null == service is null)
            throw new AdminException("Either principal or service must be given.");
        var via = request.Text("viaService");
        if (service is not null && via is not null)
            throw new AdminException("A service calls as itself: viaService goes with principal.");
        if ((service ?? via) is { } name && !PolicyPrincipal.IsService(name))
            throw new AdminException($"{name} is not the name of a service.");
        var sourceAccount = request.Text("sourceAccount");
        if (sourceAccount is not null && !PolicyPrincipal.IsAccountId(sourceAccount))
            throw new AdminException($"sourceAccount {sourceAccount} is not the id of an account.");
        var caller = principal is null
            ? new Caller(sourceAccount ?? SessionStore.DefaultAccount, service!, service!, service!) { Service = service }
            : Principal(simulation, principal);
        return new JsonObject
        {
            ["accessKeyId"] = simulation.Sessions.Add(caller with
            {
                ViaService = via,
                SourceArn = request.Text("sourceArn"),
                SourceAccount = sourceAccount,
            }),
        };
    }

    private static Caller Principal(Simulation simulation, string arn)
    {
        if (RoleArn.Parse(arn) is { } role)
        {
            var session = $"arn:{role.Partition}:sts::{role.AccountId}:assumed-role/{role.Name}/simulator";
            return new Caller(role.AccountId, session, arn, $"{simulation.Principals.UniqueId(arn)}:simulator");
        }

        if (PolicyPrincipal.IsRoot(arn, out var account))
            return new Caller(account, arn, arn, account);
        if (PolicyPrincipal.IsRoleOrUser(arn))
            return new Caller(arn.Split(':')[4], arn, arn, simulation.Principals.UniqueId(arn));
        throw new AdminException($"principal {arn} is not the ARN of a role, a user or an account.");
    }
}
