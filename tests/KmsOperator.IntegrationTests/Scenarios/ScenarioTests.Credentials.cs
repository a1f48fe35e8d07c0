using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

/// <summary>The ways in which a pod gets credentials on EKS, which in a native executable work only as far as nothing of them was trimmed.</summary>
public sealed partial class ScenarioTests
{
    [Fact]
    public async Task A_web_identity_token_puts_keys_into_the_account_of_its_role()
    {
        var token = Path.Combine(_files.FullName, "token");
        await File.WriteAllTextAsync(token, "header.payload.signature", TestContext.Current.CancellationToken);
        var before = (await operators.CallsAsync()).GetValueOrDefault("AssumeRoleWithWebIdentity");
        await InsteadAsync(
            [$"AWS_ROLE_ARN=arn:aws:iam::333333333333:role/{_namespace}", $"AWS_WEB_IDENTITY_TOKEN_FILE={token}", "AWS_ROLE_SESSION_NAME=kms-operator"],
            ["--leader-elect=false", "--health-address", "0", "--metrics-address", "0"],
            async process =>
            {
                await Cluster.ApplyTextAsync(Key("one", "service: s3"));
                await ReadyAsync("sk/one");

                var key = Assert.Single(await operators.KeysOfAsync(_namespace));
                Assert.Equal("333333333333", key["accountId"]!.GetValue<string>());
                var after = (await operators.CallsAsync()).GetValueOrDefault("AssumeRoleWithWebIdentity");
                Assert.True(after > before, $"AssumeRoleWithWebIdentity: {before}, then {after}\n{process.LastLines}");
            });
    }

    [Fact]
    public async Task Pod_Identity_s_agent_gives_credentials_for_the_pod_s_token()
    {
        var token = Path.Combine(_files.FullName, "token");
        await File.WriteAllTextAsync(token, "the-pod-s-token", TestContext.Current.CancellationToken);
        using var agent = new CredentialStub("the-pod-s-token", "test");
        await InsteadAsync(
            [$"AWS_CONTAINER_CREDENTIALS_FULL_URI={agent.Url}", $"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE={token}"],
            ["--leader-elect=false", "--health-address", "0", "--metrics-address", "0"],
            async _ =>
            {
                await Cluster.ApplyTextAsync(Key("one", "service: s3"));
                await ReadyAsync("sk/one");

                Assert.Single(await operators.KeysOfAsync(_namespace));
                Assert.NotEmpty(agent.Answers);
                Assert.All(agent.Answers, status => Assert.Equal(200, status));
            });
    }
}
