using System.Text.Json.Nodes;
using KmsOperator.IntegrationTests.ControlPlane;

namespace KmsOperator.IntegrationTests.Chart;

/// <summary>One verb on one resource that an account was given.</summary>
/// <param name="Namespace">Where; empty for the whole cluster.</param>
/// <param name="Verb">For example <c>patch</c>.</param>
/// <param name="Resource">Group, resource and subresource: <c>kms.servicekey.dev/servicekeys/status</c>.</param>
/// <param name="Names">Objects that it is limited to; empty for all.</param>
internal sealed record GrantedRule(string Namespace, string Verb, string Resource, string Names)
{
    /// <summary>Whether this is what a request needed.</summary>
    public bool Permits(UsedRule used) =>
        Verb == used.Verb && Resource == used.Resource && (Namespace.Length == 0 || Namespace == used.Namespace) && (Names.Length == 0 || Names.Split(',').Contains(used.Name));

    /// <summary>Everything that a service account is bound to, as the API server has it.</summary>
    public static async Task<IReadOnlyList<GrantedRule>> OfAsync(Cluster cluster, string @namespace, string account)
    {
        List<GrantedRule> granted = [];
        foreach (var kind in (string[])["clusterrolebindings", "rolebindings"])
        {
            var bindings = JsonNode.Parse((await cluster.KubectlAsync("get", kind, "-A", "-o", "json")).EnsureSuccess())!["items"]!.AsArray();
            foreach (var binding in bindings.Where(binding => ((binding!["subjects"] as JsonArray) ?? []).Any(subject =>
                subject!["kind"]!.GetValue<string>() == "ServiceAccount" && subject["name"]!.GetValue<string>() == account && subject["namespace"]?.GetValue<string>() == @namespace)))
            {
                var scope = binding!["metadata"]!["namespace"]?.GetValue<string>() ?? "";
                var role = binding["roleRef"]!;
                string[] get = role["kind"]!.GetValue<string>() == "ClusterRole"
                    ? ["get", "clusterrole", role["name"]!.GetValue<string>(), "-o", "json"]
                    : ["get", "role", role["name"]!.GetValue<string>(), "-n", scope, "-o", "json"];
                foreach (var rule in JsonNode.Parse((await cluster.KubectlAsync(get, null)).EnsureSuccess())!["rules"]!.AsArray())
                {
                    var names = rule!["resourceNames"] is JsonArray list ? string.Join(",", list.Select(name => name!.GetValue<string>())) : "";
                    granted.AddRange(
                        from verb in rule["verbs"]!.AsArray()
                        from resource in rule["resources"]!.AsArray()
                        from apiGroup in rule["apiGroups"]!.AsArray()
                        select new GrantedRule(scope, verb!.GetValue<string>(), $"{apiGroup}/{resource}", names));
                }
            }
        }

        return granted;
    }
}

/// <summary>What a request needed.</summary>
/// <param name="Namespace">Of the object; empty where it has none.</param>
/// <param name="Verb">For example <c>patch</c>.</param>
/// <param name="Resource">Group, resource and subresource.</param>
/// <param name="Name">Of the object; empty for lists.</param>
internal sealed record UsedRule(string Namespace, string Verb, string Resource, string Name)
{
    /// <summary>A line of the API server's audit log; null for what is no object.</summary>
    public static UsedRule? Of(JsonNode request)
    {
        if (request["objectRef"] is not { } subject)
        {
            return null;
        }

        string Field(string name) => subject[name]?.GetValue<string>() ?? "";
        var sub = Field("subresource");
        return new UsedRule(Field("namespace"), request["verb"]!.GetValue<string>(), $"{Field("apiGroup")}/{Field("resource")}{(sub.Length > 0 ? "/" + sub : "")}", Field("name"));
    }
}
