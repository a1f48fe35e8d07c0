using System.Text.Json;
using System.Text.Json.Nodes;
using KmsSimulator.State;
using KmsSimulator.Sts;

namespace KmsSimulator.Admin;

/// <summary><c>POST /_sim/roles</c>: what it takes to assume a role.</summary>
internal static class RoleRequests
{
    public static JsonObject Set(Simulation simulation, JsonElement body)
    {
        var request = new AdminRequest(body, "arn", "externalId", "deny");
        var arn = request.Required("arn");
        if (RoleArn.Parse(arn) is null)
            throw new AdminException($"{arn} is not the ARN of a role.");
        simulation.Roles.Set(arn, new RoleRule(request.Text("externalId"), request.Boolean("deny") ?? false));
        return [];
    }
}
