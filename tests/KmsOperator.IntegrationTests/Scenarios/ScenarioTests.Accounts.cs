using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

// A key stays in its account.
public sealed partial class ScenarioTests
{
    private const string Home = "111111111111";
    private const string Elsewhere = "222222222222";

    [Fact]
    public async Task A_class_that_leads_to_another_account_loses_no_deletion()
    {
        await ApplyClassAsync($"account: {{roleArn: \"arn:aws:iam::{Home}:role/kms\"}}", "deletionPolicy: Delete");
        await Cluster.ApplyTextAsync(Key("one", "service: s3"));
        await ReadyAsync("sk/one");

        await ApplyClassAsync($"account: {{roleArn: \"arn:aws:iam::{Elsewhere}:role/kms\"}}", "deletionPolicy: Delete");
        Assert.Contains("keys do not move", await ConditionAsync("sk/one", "False", "InvalidSpec", "Stalled"), StringComparison.Ordinal);
        await StartDeletingAsync("sk/one");
        var message = await ConditionAsync("sk/one", "False", "AccountMismatch", "Stalled");
        Assert.Contains(Home, message, StringComparison.Ordinal);
        Assert.Contains(Elsewhere, message, StringComparison.Ordinal);

        await ApplyClassAsync($"account: {{roleArn: \"arn:aws:iam::{Home}:role/kms\"}}", "deletionPolicy: Delete");
        await GoneAsync("sk/one");
        Assert.Equal("PendingDeletion", State(Assert.Single(await operators.KeysOfAsync(_namespace))));
    }
}
