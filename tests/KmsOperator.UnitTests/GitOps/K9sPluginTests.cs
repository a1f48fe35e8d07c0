using KmsOperator.Commands;
using KmsOperator.UnitTests.Schema;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace KmsOperator.UnitTests.GitOps;

/// <summary>The plugins for k9s call verbs that exist, with options that they have, in lists of kinds that exist.</summary>
public sealed class K9sPluginTests
{
    private static readonly string[] Scopes = ["servicekeys", "sk", "keyreplicas", "kr"];
    private static readonly YamlMappingNode Plugins = ReadPlugins();

    public static TheoryData<string> Names => [.. Plugins.Children.Keys.Select(name => name.ToString())];

    [Theory, MemberData(nameof(Names))]
    public void A_plugin_calls_a_verb_that_exists(string name)
    {
        var plugin = Plugins[name];
        string[] words = plugin["command"].ToString() == "kubectl"
            ? [.. ((YamlSequenceNode)plugin["args"]).Select(argument => argument.ToString())]
            : Command(plugin["args"][1].ToString());

        Assert.Equal("kms", words[0]);
        var parsed = CommandLine.Create(_ => null, TextReader.Null, isPlugin: true).Parse([.. words[1..].Select(Example)]);
        Assert.Empty(parsed.Errors);
        Assert.NotEmpty(parsed.CommandResult.Command.Name);
    }

    [Fact]
    public void No_two_plugins_have_the_same_key_in_a_list()
    {
        var keys = Plugins.SelectMany(plugin => ((YamlSequenceNode)plugin.Value["scopes"]).Select(scope => (Scope: scope.ToString(), Key: plugin.Value["shortCut"].ToString())));

        Assert.All(keys.GroupBy(key => key), same => Assert.Single(same));
        Assert.All(keys, key => Assert.Contains(key.Scope, Scopes));
    }

    private static string[] Command(string shell) =>
        shell.Split('|')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..].Select(word => word.Trim('"').Replace("$0", "$NAME", StringComparison.Ordinal).Replace("$1", "$NAMESPACE", StringComparison.Ordinal)).ToArray();

    private static string Example(string word) => word.Replace("$NAMESPACE", "shop", StringComparison.Ordinal).Replace("$NAME", "orders", StringComparison.Ordinal);

    private static YamlMappingNode ReadPlugins()
    {
        using var file = File.OpenText(RepositoryFiles.Path("config", "k9s", "plugins.yaml"));
        var yaml = new YamlStream();
        yaml.Load(file);
        return (YamlMappingNode)yaml.Documents[0].RootNode["plugins"];
    }
}
