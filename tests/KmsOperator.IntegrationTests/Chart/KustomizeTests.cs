using System.Text.Json.Nodes;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Chart;

/// <summary><c>config/default</c>, built by the kustomize in kubectl, is what the chart makes with its defaults.</summary>
public sealed class KustomizeTests(ControlPlaneFixture controlPlane) : IDisposable
{
    private static readonly string Default = Path.Combine(Repository.Root, "config", "default");
    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("kms-operator-kustomize-");

    public void Dispose() => _files.Delete(recursive: true);

    [Fact]
    public async Task Config_default_is_what_the_chart_makes_with_its_defaults()
    {
        var chart = Named(Rendering.Objects(await Helm.TemplateAsync()));
        var kustomize = Named(Rendering.Objects(await BuildAsync(await File.ReadAllTextAsync(Path.Combine(Default, "kustomization.yaml"), TestContext.Current.CancellationToken))));
        Assert.Equal(chart.Keys, kustomize.Keys);
        Assert.All(chart, one => Assert.Equal(one.Value, kustomize[one.Key]));
    }

    [Fact]
    public async Task The_image_is_chosen_in_the_kustomization()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Default, "kustomization.yaml"), TestContext.Current.CancellationToken);
        var pinned = text.Replace("    newTag: 0.1.0", "    newName: ghcr.io/owner/kms-operator\n    newTag: 1.2.3", StringComparison.Ordinal);
        Assert.NotEqual(text, pinned);
        var deployment = Rendering.Objects(await BuildAsync(pinned)).Single("Deployment");
        Assert.Equal("ghcr.io/owner/kms-operator:1.2.3", deployment["spec"]!["template"]!["spec"]!["containers"]![0]!["image"]!.GetValue<string>());
    }

    /// <summary>A kustomization of config/default, built where its files are; with every folder's resources in its place for the kustomize in kubectl before 1.21, which takes no folders.</summary>
    private async Task<string> BuildAsync(string kustomization)
    {
        var own = Directory.CreateDirectory(Path.Combine(_files.FullName, "config", "default"));
        foreach (var part in (string[])["crds", "rbac", "default"])
        {
            var folder = Directory.CreateDirectory(Path.Combine(_files.FullName, "config", part));
            foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "config", part)))
            {
                File.Copy(file, Path.Combine(folder.FullName, Path.GetFileName(file)), overwrite: true);
            }
        }

        var path = Path.Combine(own.FullName, "kustomization.yaml");
        await File.WriteAllTextAsync(path, kustomization);
        var built = await controlPlane.Cluster.KubectlAsync("kustomize", own.FullName);
        if (built.ExitCode == 0)
        {
            return built.Output;
        }

        var flat = Rendering.Objects(kustomization).Single();
        var resources = new JsonArray();
        foreach (var resource in flat["resources"]!.AsArray().Select(resource => resource!.GetValue<string>()))
        {
            var there = Path.Combine(own.FullName, resource);
            if (!Directory.Exists(there))
            {
                resources.Add(resource);
                continue;
            }

            var inner = Rendering.Objects(await File.ReadAllTextAsync(Path.Combine(there, "Kustomization"))).Single();
            Assert.All(inner, field => Assert.Contains(field.Key, (string[])["apiVersion", "kind", "resources"]));
            foreach (var file in inner["resources"]!.AsArray().Select(file => file!.GetValue<string>()))
            {
                var name = $"{Path.GetFileName(there)}-{file}";
                File.Copy(Path.Combine(there, file), Path.Combine(own.FullName, name), overwrite: true);
                resources.Add(name);
            }
        }

        flat["resources"] = resources;
        await File.WriteAllTextAsync(path, flat.ToJsonString());
        return (await controlPlane.Cluster.KubectlAsync("kustomize", own.FullName)).EnsureSuccess();
    }

    private static SortedDictionary<string, string> Named(IEnumerable<JsonObject> objects)
    {
        var named = new SortedDictionary<string, string>(StringComparer.Ordinal);

        // The chart leaves the namespace to who installs it, and has a test pod.
        foreach (var one in objects.Where(one => one.Kind() is not ("Namespace" or "Pod")))
        {
            named[one.Id()] = Normal(one).ToJsonString();
        }

        return named;
    }

    /// <summary>Without Helm's own labels, and with rules as the set of what they permit.</summary>
    private static JsonNode Normal(JsonObject one)
    {
        var copy = (JsonObject)one.DeepClone();
        Strip(copy);
        if (copy["metadata"]!["annotations"] is JsonObject { Count: 0 })
        {
            copy["metadata"]!.AsObject().Remove("annotations");
        }

        if (copy["rules"] is JsonArray rules)
        {
            copy["rules"] = new JsonArray([.. RoleRules.Of(rules).Select(rule => (JsonNode)rule)]);
        }

        return Rendering.Sorted(copy);
    }

    private static void Strip(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject map:
                foreach (var label in (string[])["app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/managed-by", "helm.sh/chart", "helm.sh/resource-policy"])
                {
                    map.Remove(label);
                }

                foreach (var (_, value) in map)
                {
                    Strip(value);
                }

                break;
            case JsonArray list:
                foreach (var item in list)
                {
                    Strip(item);
                }

                break;
        }
    }
}
