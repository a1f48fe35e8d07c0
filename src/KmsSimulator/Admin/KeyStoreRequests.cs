using System.Text.Json;
using System.Text.Json.Nodes;
using KmsSimulator.State;

namespace KmsSimulator.Admin;

/// <summary><c>POST /_sim/custom-key-stores</c>: a custom key store that exists.</summary>
internal static class KeyStoreRequests
{
    public static JsonObject Add(Simulation simulation, JsonElement body)
    {
        var request = new AdminRequest(body, "id", "type");
        var id = request.Required("id");
        var type = request.Required("type");
        if (type is not ("AWS_CLOUDHSM" or "EXTERNAL_KEY_STORE"))
            throw new AdminException("type must be AWS_CLOUDHSM or EXTERNAL_KEY_STORE.");
        simulation.KeyStores.Add(id, type);
        return [];
    }
}
