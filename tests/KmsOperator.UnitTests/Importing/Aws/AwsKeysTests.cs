using Amazon.KeyManagementService.Model;
using KmsOperator.Aws;
using KmsOperator.Importing;
using KmsOperator.Importing.Aws;
using KmsOperator.Importing.Drafting;
using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Importing.Aws;

public sealed class AwsKeysTests : IDisposable
{
    private readonly OperatorUnderTest _operator = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _operator.Dispose();

    [Fact]
    public async Task Customer_managed_keys_come_with_all_that_KMS_shows_and_the_rest_is_told()
    {
        var kms = _operator.Aws.Kms();
        var plain = (await kms.CreateKeyAsync(new CreateKeyRequest { Description = "by hand", MultiRegion = true, Tags = [new Tag { TagKey = "Name", TagValue = "hand" }] }, Ct)).KeyMetadata;
        await kms.CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/hand/one", TargetKeyId = plain.KeyId }, Ct);
        await kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = plain.KeyId, RotationPeriodInDays = 100 }, Ct);
        await kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = plain.KeyId, ReplicaRegion = "eu-west-1" }, Ct);
        await _operator.SettleAsync(TimeSpan.FromMinutes(5));
        var doomed = (await kms.CreateKeyAsync(new CreateKeyRequest(), Ct)).KeyMetadata;
        await kms.ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = doomed.KeyId }, Ct);
        var external = (await kms.CreateKeyAsync(new CreateKeyRequest { Origin = "EXTERNAL" }, Ct)).KeyMetadata;
        var owned = (await kms.CreateKeyAsync(new CreateKeyRequest { Tags = [new Tag { TagKey = "servicekey.dev/owner", TagValue = "ServiceKey/a/b" }] }, Ct)).KeyMetadata;

        var read = await ReadAsync(["us-east-1", "eu-west-1"], null);
        var draft = ImportDrafting.Draft(read, null);

        Assert.Equal(["ServiceKey hand-one", "KeyReplica hand-one-eu-west-1"], draft.Keys.Select(key => $"{key.Draft.Resource.Kind} {key.Draft.Resource.Metadata.Name}"));
        Assert.Empty(draft.Keys[0].Draft.Changes);
        Assert.Equal((true, 100), (draft.Keys[0].Foreign.Rotation!.Enabled, draft.Keys[0].Foreign.Rotation!.PeriodDays));
        Assert.Equal(new[] { doomed.Arn, external.Arn, owned.Arn }.Order(StringComparer.Ordinal), draft.Left.Select(one => one.Subject).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(await _operator.Aws.CallsAsync(), call => call.Key is "TagResource" or "PutKeyPolicy" or "UpdateAlias" or "DeleteAlias");
    }

    [Fact]
    public async Task An_alias_prefix_chooses_among_the_keys()
    {
        var kms = _operator.Aws.Kms();
        foreach (var alias in new[] { "alias/mine/a", "alias/yours/b" })
            await kms.CreateAliasAsync(new CreateAliasRequest { AliasName = alias, TargetKeyId = (await kms.CreateKeyAsync(new CreateKeyRequest(), Ct)).KeyMetadata.KeyId }, Ct);

        Assert.Equal(["alias/mine/a"], Assert.Single((await ReadAsync(["us-east-1"], "mine/")).Keys).Aliases);
        Assert.Contains("alias/nobody", Assert.Single((await ReadAsync(["us-east-1"], "nobody")).Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Region_that_does_not_answer_fails_the_whole_import()
    {
        await _operator.Aws.PostAsync("/_sim/faults", """{"operation": "ListKeys", "kind": "error5xx"}""");

        Assert.Contains("us-east-1", Assert.Single((await ReadAsync(["us-east-1"], null)).Errors).File, StringComparison.Ordinal);
    }

    private async Task<ForeignKeys> ReadAsync(string[] regions, string? prefix)
    {
        using var clients = new AwsClients("import-test", new RequestRateLimiter(1, _operator.Clock), time: _operator.Clock, inProcess: _operator.Aws.InProcess);
        return await new AwsKeys(new RegionalClientFactory(clients, _operator.Clock, TimeSpan.Zero), _operator.Clock).ReadAsync(regions, prefix, Ct);
    }
}
