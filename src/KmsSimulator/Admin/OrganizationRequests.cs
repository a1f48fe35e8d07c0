using System.Text.Json;
using System.Text.Json.Nodes;
using KmsSimulator.Policies;
using KmsSimulator.State;

namespace KmsSimulator.Admin;

/// <summary><c>POST /_sim/organizations</c>: which accounts an organization has.</summary>
internal static class OrganizationRequests
{
    public static JsonObject Set(Simulation simulation, JsonElement body)
    {
        var request = new AdminRequest(body, "id", "accounts");
        var (id, accounts) = (request.Required("id"), request.Texts("accounts"));
        foreach (var account in accounts)
        {
            if (!PolicyPrincipal.IsAccountId(account))
                throw new AdminException($"{account} is not the id of an account.");
        }

        foreach (var account in accounts)
            simulation.Organizations.Set(account, id);
        return [];
    }
}
