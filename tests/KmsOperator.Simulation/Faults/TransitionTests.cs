using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CsCheck;
using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.Flows;

namespace KmsOperator.Simulation.Faults;

/// <summary>
/// Specs that change there and back, settled or looked at after each change, by way of an invalid one: the end is that of a fresh resource. All that may be
/// changed of a ServiceKey and of a KeyReplica is in it.
/// </summary>
public sealed partial class TransitionTests(ITestOutputHelper output)
{
    private const int Transitions = 16;
    private const string Invalid = """{"spec":{"policy":{"additionalStatements":[{"Sid":"not a sid"}]}}}""";

    /// <summary>Values of each field that may be changed; <c>null</c> leaves it out. What has no key, or no end, of its own is only gone through.</summary>
    private static readonly (string Field, string[] Values, string[] OnTheWay)[] Common =
    [
        ("description", ["null", "\"one\"", "\"two\""], []),
        ("tags", ["null", "{\"team\":\"a\"}", "{\"team\":\"b\",\"stage\":\"c\"}"], []),
        ("alias", ["null", "\"alias/a\"", "\"alias/b\""], []),
        ("additionalAliases", ["null", "[\"alias/x\"]", "[\"alias/y\",\"alias/x\"]"], []),
        ("grants", ["null", Grants, "[{\"name\":\"a\",\"granteePrincipal\":\"App\",\"operations\":[\"Encrypt\"]},{\"name\":\"b\",\"granteePrincipal\":\"App\",\"operations\":[\"Decrypt\"]}]"], []),
        ("enabled", ["null", "false"], []),
        ("access", ["null", "{\"users\":[\"App\"]}", "{\"trustedAccounts\":[\"111122223333\"]}"], []),
        ("policy", ["null", $"{{\"override\":{Document}}}", $"{{\"additionalStatements\":[{Statement}]}}"], []),
        ("deletionPolicy", ["null", "\"Delete\"", "\"Disable\""], []),
        ("pendingDeletionWindowDays", ["null", "7"], []),
        ("takeOverAlias", ["null", "true"], []),
        ("publish", ["null", "{\"configMapName\":\"a\"}", "{\"configMapName\":\"b\"}"], []),
        ("managementPolicy", ["null", "\"Full\""], ["\"Observe\""]),
        ("suspend", ["null", "false"], ["true"]),
    ];

    private static readonly (string Field, string[] Values, string[] OnTheWay)[] OfKey =
    [
        .. Common,
        ("rotation", ["null", "{\"periodDays\":90}", "{\"enabled\":false}"], []),
        ("recreateLostKey", ["null", "true"], []),
        ("replicaRegions", ["[]", "[\"eu-west-1\"]"], []),
        ("primaryRegion", ["null", "\"us-east-1\""], []),

        // The service of these keys takes none.
        ("serviceParameters", ["null", "{}"], []),
    ];

    private const string Statement =
        """{"Sid":"More","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:DescribeKey","Resource":"*"}""";

    private const string Document =
        """{"Version":"2012-10-17","Statement":[{"Sid":"All","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}]}""";

    // On the way a replica may come and go, but not go and come back: it would be a new resource then, which finds a key with a past of its own.
    private const string Replicas = "\"replicaRegions\":[\"eu-west-1\"]";
    private const string NoReplicas = "\"replicaRegions\":[]";

    private const string Grants = """[{"name":"a","granteePrincipal":"App","operations":["Decrypt"]}]""";

    // Set when the resource is made, or only of use then. Only keys of origin EXTERNAL have material, and flows of their own.
    private static readonly string[] NotChanged =
        ["className", "service", "keySpec", "keyUsage", "multiRegion", "adopt", "primaryRef", "primaryKeyArn", "region", "origin", "customKeyStoreId", "xksKeyId", "material"];

    [Fact]
    public void Every_field_that_may_be_changed_is_in_the_transitions()
    {
        Assert.Equal(Fields<ServiceKeySpec>(), OfKey.Select(field => field.Field).Order(StringComparer.Ordinal));
        Assert.Equal(Fields<KeyReplicaSpec>(), Common.Select(field => field.Field).Order(StringComparer.Ordinal));
    }

    [Fact]
    public Task A_spec_that_changes_there_and_back_ends_where_a_fresh_one_does() => RunAsync(
        OfKey,
        (stage, spec) => stage.CreateAsync("one", spec.Deserialize(ApiJsonContext.Default.ServiceKeySpec)! with { Service = "s3", MultiRegion = true }),
        (stage, patch) => stage.PatchAsync("one", patch));

    [Fact]
    public Task A_replica_whose_spec_changes_there_and_back_ends_where_a_fresh_one_does() => RunAsync(
        Common,
        async (stage, spec) =>
        {
            await stage.CreateAsync("one", new ServiceKeySpec { Service = "s3", MultiRegion = true });
            await stage.CreateAsync("copy", spec.Deserialize(ApiJsonContext.Default.KeyReplicaSpec)! with { PrimaryRef = new PrimaryRef { Name = "one" }, Region = "eu-west-1" });
        },
        (stage, patch) => stage.PatchReplicaAsync("copy", patch));

    private async Task RunAsync((string Field, string[] Values, string[] OnTheWay)[] fields, Func<FlowUser, JsonNode, Task> make, Func<FlowUser, string, Task> patch)
    {
        var pairs = new List<(string A, string B)>();
        Gen.Select(Patch(fields, onTheWay: false), Patch(fields, onTheWay: true)).Sample(
            pair => pairs.Add(pair.Item1.Contains(Replicas, StringComparison.Ordinal) ? (pair.Item1, pair.Item2.Replace(NoReplicas, Replicas, StringComparison.Ordinal)) : pair),
            iter: Transitions,
            threads: 1);
        var failures = new List<string>();
        foreach (var pair in pairs)
        {
            Task MakeAsync(FlowUser on) => make(on, JsonNode.Parse(pair.A)!["spec"]!);
            var fresh = await FlowRun.RunAsync(new Flow("a", Flow.Nothing, MakeAsync));
            var back = await FlowRun.RunAsync(
                new Flow("a, b, a", Flow.Nothing, async on =>
                {
                    await MakeAsync(on);
                    await on.SettledAsync();
                    await patch(on, pair.B);
                    await on.SeenAsync();
                    try
                    {
                        await patch(on, Invalid);
                    }
                    catch (KubernetesApiException e) when (e.IsInvalid)
                    {
                        // A server that evaluates CEL refuses it, so that the operator never sees it.
                    }

                    await on.SeenAsync();
                    await patch(on, pair.A);
                }));
            if (Comparable(fresh.End) is var expected && Comparable(back.End) is var actual && expected != actual)
            {
                failures.Add($"a: {pair.A}\nb: {pair.B}\n{EndState.Difference(expected, actual)}");
            }
        }
        output.WriteLine($"{pairs.Count} transitions of {fields.Length} fields");
        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
    }

    /// <summary>A merge patch that gives each field one of its values.</summary>
    private static Gen<string> Patch((string Field, string[] Values, string[] OnTheWay)[] fields, bool onTheWay)
    {
        var gen = Gen.Const("");
        foreach (var (field, values, more) in fields)
        {
            var value = Gen.OneOf<string>(onTheWay ? [.. values, .. more] : values);
            gen = Gen.Select(gen, value, (text, one) => $"{text}{(text.Length > 0 ? "," : "")}\"{field}\":{Whole(one, values)}");
        }

        // A key that is disabled cannot be replicated and gets no grants, so that such a spec has no end.
        return gen.Select(text => text.Contains("\"enabled\":false", StringComparison.Ordinal) ? GrantsIn().Replace(text.Replace(Replicas, NoReplicas, StringComparison.Ordinal), "\"grants\":null") : text)
            .Select(text => $"{{\"spec\":{{{text}}}}}");
    }

    /// <summary>A merge patch keeps the members that it does not name; so it names all that any value has.</summary>
    private static string Whole(string one, IEnumerable<string> values)
    {
        if (JsonNode.Parse(one) is not JsonObject json)
        {
            return one;
        }

        foreach (var name in values.Select(value => JsonNode.Parse(value)).OfType<JsonObject>().SelectMany(value => value.Select(member => member.Key)))
        {
            json.TryAdd(name, null);
        }

        return json.ToJsonString();
    }

    /// <summary>Without generations and call counts, and without the keys of replicas that came and went: they are scheduled for deletion, or released.</summary>
    private static string Comparable(string end)
    {
        var state = JsonNode.Parse(end)!.AsObject();
        state.Remove("calls");
        var resources = state["resources"]!.ToJsonString();
        var keys = state["keys"]!.AsArray().OfType<JsonObject>().ToArray();
        state["keys"] = new JsonArray([.. keys
            .Where(key => resources.Contains(key["arn"]!.GetValue<string>(), StringComparison.Ordinal) || !(key["deletionDate"] is not null || key["tags"]![TagNames.Released] is not null))
            .Select(key => key.DeepClone())]);
        return string.Join('\n', state.ToJsonString(new JsonSerializerOptions { WriteIndented = true }).Split('\n')
            .Where(line => !line.Contains("observedGeneration", StringComparison.Ordinal)));
    }

    [GeneratedRegex("\"grants\":\\[.*?\\]\\}\\]")]
    private static partial Regex GrantsIn();

    private static IEnumerable<string> Fields<T>() => typeof(T).GetProperties()
        .Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name)).Except(NotChanged).Order(StringComparer.Ordinal);
}
