using System.Reflection;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;
using KmsOperator.Policies;
using KmsOperator.UnitTests.Schema;
using Xunit;

namespace KmsOperator.UnitTests.Architecture;

public sealed class DependencyTests
{
    // assembly, what it may refer to, why
    public static TheoryData<Type, string[], string> Layers => new()
    {
        { typeof(ServiceKey), [], "types without behaviour" },
        { typeof(KeyPolicy), ["KmsOperator.Api"], "pure" },
        { typeof(KeyPlanner), ["KmsOperator.Api", "KmsOperator.Policies"], "pure" },
        { typeof(AwsFailure), ["KmsOperator.Api", "KmsOperator.Policies", "KmsOperator.Planning", "AWSSDK.Core", "AWSSDK.KeyManagementService", "AWSSDK.SecurityToken", "AWSSDK.SQS", "Microsoft.Extensions.Logging.Abstractions"], "no Kubernetes" },
        { typeof(WorkQueue<>), ["KmsOperator.Api", "KubernetesClient.Aot", "Microsoft.Extensions.Logging.Abstractions"], "no AWS" },
    };

    [Theory]
    [MemberData(nameof(Layers))]
    public void Dependencies_point_one_way(Type type, string[] allowed, string why)
    {
        var references = type.Assembly.GetReferencedAssemblies().Select(reference => reference.Name!)
            .Where(name => !name.StartsWith("System", StringComparison.Ordinal) && name is not "netstandard");
        Assert.True(!references.Except(allowed).Any(), $"{why}: {string.Join(", ", references.Except(allowed))}");
    }

    [Fact]
    public void Reasons_are_CamelCase_words_and_each_has_a_section_in_the_troubleshooting_page()
    {
        var reasons = typeof(Reasons).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (field.Name, Value: (string)field.GetRawConstantValue()!)).ToArray();
        Assert.All(reasons, reason => Assert.Equal(reason.Name, reason.Value));
        var page = File.ReadAllLines(RepositoryFiles.Path("docs", "troubleshooting.md"));
        Assert.All(reasons, reason => Assert.Contains($"## {reason.Value}", page));
    }
}
