using KmsOperator.Api;
using KmsOperator.Manifests;
using KmsOperator.Planning;
using KmsOperator.UnitTests.Schema;
using Xunit;

namespace KmsOperator.UnitTests.Manifests;

public sealed class ExampleTests
{
    public static TheoryData<string> Files => [.. RepositoryFiles.Yaml("examples").Select(file => Path.GetRelativePath(RepositoryFiles.Root, file))];

    [Theory, MemberData(nameof(Files))]
    public void Every_example_is_valid(string path)
    {
        var set = ManifestLoader.Load([RepositoryFiles.Path(path)]);

        Assert.Empty(set.Errors);
        Assert.NotEmpty(set.Resources);
        Assert.Empty(set.Resources.SelectMany(manifest => manifest.Resource switch
        {
            KeyClass keyClass => SpecValidation.Validate(keyClass),
            ServiceKey key => SpecValidation.Validate(key),
            var replica => SpecValidation.Validate((KeyReplica)replica),
        }));
    }

    [Fact]
    public void The_three_scenarios_make_25_resources()
    {
        var scenarios = Directory.EnumerateDirectories(RepositoryFiles.Path("examples"), "scenario-*").Order().ToList();
        var resources = ManifestLoader.Load(scenarios).Resources.Select(manifest => manifest.Resource).ToList();

        Assert.Equal(3, scenarios.Count);
        Assert.Equal(25, resources.Count + resources.OfType<ServiceKey>().Sum(key => key.Spec.ReplicaRegions?.Count ?? 0));
        Assert.Equal(19, resources.OfType<ServiceKey>().Where(key => key.Spec.Alias is null).Select(key => key.Spec.Service).Distinct().Count());
    }

    [Fact]
    public void No_two_examples_take_the_same_name_or_alias()
    {
        var resources = ManifestLoader.Load([RepositoryFiles.Path("examples")]).Resources.Select(manifest => manifest.Resource).ToList();

        Assert.Equal(resources.Count, resources.Select(resource => (resource.Kind, resource.Metadata.Name)).Distinct().Count());
        var aliases = resources.OfType<ServiceKey>().SelectMany(key => (key.Spec.AdditionalAliases ?? []).Append(key.Spec.Alias)).OfType<string>().ToList();
        Assert.Equal(aliases.Count, aliases.Distinct().Count());
    }
}
