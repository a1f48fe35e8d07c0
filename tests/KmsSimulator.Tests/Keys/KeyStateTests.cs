using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Keys;

/// <summary>Which operation works in which state of the key.</summary>
/// <remarks>Source: AWS KMS developer guide, "Key states of AWS KMS keys", the table and its footnotes.</remarks>
public sealed class KeyStateTests
{
    private const string Ok = "OK";
    private const string Disabled = "DisabledException: is disabled.";
    private const string Pending = "KMSInvalidStateException: is pending deletion.";
    private const string PendingReplicas = "KMSInvalidStateException: is pending replica deletion.";
    private const string Import = "KMSInvalidStateException: is pending import.";
    private const string Creating = "KMSInvalidStateException: is creating.";
    private const string Updating = "KMSInvalidStateException: is updating.";
    private const string NotPending = "KMSInvalidStateException: is not pending deletion.";
    private const string Origin = "UnsupportedOperationException: origin is EXTERNAL which is not valid for this operation.";

    /// <summary>Operation, then what happens in: Enabled, Disabled, PendingDeletion, PendingReplicaDeletion, PendingImport, Creating, Updating.</summary>
    public static TheoryData<string, string[]> Table => new()
    {
        { "DescribeKey", [Ok, Ok, Ok, Ok, Ok, Ok, Ok] },
        { "GetKeyPolicy", [Ok, Ok, Ok, Ok, Ok, Ok, Ok] },
        { "PutKeyPolicy", [Ok, Ok, Ok, Ok, Ok, Ok, Ok] },
        { "ListResourceTags", [Ok, Ok, Ok, Ok, Ok, Ok, Ok] },
        { "ListGrants", [Ok, Ok, Ok, Ok, Ok, Ok, Ok] },
        { "UpdateKeyDescription", [Ok, Ok, Pending, PendingReplicas, Ok, Ok, Ok] },
        { "TagResource", [Ok, Ok, Pending, PendingReplicas, Ok, Ok, Ok] },
        { "UntagResource", [Ok, Ok, Pending, PendingReplicas, Ok, Ok, Ok] },
        { "CreateAlias", [Ok, Ok, Pending, PendingReplicas, Ok, Ok, Ok] },
        { "EnableKey", [Ok, Ok, Pending, PendingReplicas, Import, Creating, Updating] },
        { "DisableKey", [Ok, Ok, Pending, PendingReplicas, Import, Creating, Updating] },
        { "EnableKeyRotation", [Ok, Disabled, Pending, PendingReplicas, Origin, Creating, Ok] },
        { "DisableKeyRotation", [Ok, Disabled, Pending, PendingReplicas, Origin, Creating, Ok] },
        { "GetKeyRotationStatus", [Ok, Ok, Ok, Ok, Origin, Ok, Ok] },
        { "RotateKeyOnDemand", [Ok, Disabled, Pending, PendingReplicas, Import, Creating, Ok] },
        { "ListKeyRotations", [Ok, Ok, Ok, Ok, Ok, Ok, Ok] },
        { "ScheduleKeyDeletion", [Ok, Ok, Pending, PendingReplicas, Ok, Ok, Updating] },
        { "CancelKeyDeletion", [NotPending, NotPending, Ok, Ok, NotPending, NotPending, NotPending] },
        { "ReplicateKey", [Ok, Disabled, Pending, PendingReplicas, Import, Creating, Updating] },
        { "UpdatePrimaryRegion", [Ok, Disabled, Pending, PendingReplicas, Import, Creating, Ok] },
        { "CreateGrant", [Ok, Disabled, Pending, PendingReplicas, Import, Creating, Ok] },
        { "Encrypt", [Ok, Disabled, Pending, PendingReplicas, Import, Creating, Ok] },
        { "GenerateDataKeyWithoutPlaintext", [Ok, Disabled, Pending, PendingReplicas, Import, Creating, Ok] },
        { "GenerateDataKeyPair", [Ok, Disabled, Pending, PendingReplicas, Import, Creating, Ok] },
        { "ReEncrypt", [Ok, Disabled, Pending, PendingReplicas, Import, Creating, Ok] },
        { "GenerateDataKey", [Ok, Disabled, Pending, PendingReplicas, Import, Creating, Ok] },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public async Task Operations_work_in_their_states_only(string operation, string[] outcomes)
    {
        var states = new[] { "Enabled", "Disabled", "PendingDeletion", "PendingReplicaDeletion", "PendingImport", "Creating", "Updating" };
        await using var simulator = await TestSimulator.StartAsync();
        for (var i = 0; i < states.Length; i++)
        {
            var (key, region) = await MakeAsync(simulator, states[i]);
            Assert.Equal(states[i], (await simulator.DescribeAsync(key.KeyId, region)).KeyState.Value);

            var outcome = await TryAsync(simulator.KmsIn(region), operation, key.KeyId, i);
            var (code, text) = (outcomes[i].Split(": ")[0], outcomes[i].Split(": ")[^1]);
            Assert.True(outcome.StartsWith(code, StringComparison.Ordinal), $"{operation} in {states[i]}: {outcome}, not {code}");
            if (code is not Ok)
                Assert.EndsWith($"{key.KeyId} {text}", outcome, StringComparison.Ordinal);
        }
    }

    private static async Task<string> TryAsync(IAmazonKeyManagementService kms, string operation, string id, int n)
    {
        var token = TestSimulator.Token;
        const string Policy = """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"kms:*","Resource":"*"}}""";
        try
        {
            await (Task)(operation switch
            {
                "DescribeKey" => kms.DescribeKeyAsync(id, token),
                "GetKeyPolicy" => kms.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = id }, token),
                "PutKeyPolicy" => kms.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = id, Policy = Policy }, token),
                "ListResourceTags" => kms.ListResourceTagsAsync(new ListResourceTagsRequest { KeyId = id }, token),
                "ListGrants" => kms.ListGrantsAsync(new ListGrantsRequest { KeyId = id }, token),
                "UpdateKeyDescription" => kms.UpdateKeyDescriptionAsync(id, "x", token),
                "TagResource" => kms.TagResourceAsync(new TagResourceRequest { KeyId = id, Tags = [new Tag { TagKey = "a", TagValue = "" }] }, token),
                "UntagResource" => kms.UntagResourceAsync(new UntagResourceRequest { KeyId = id, TagKeys = ["none"] }, token),
                "CreateAlias" => kms.CreateAliasAsync($"alias/{n}", id, token),
                "EnableKey" => kms.EnableKeyAsync(id, token),
                "DisableKey" => kms.DisableKeyAsync(id, token),
                "EnableKeyRotation" => kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = id }, token),
                "DisableKeyRotation" => kms.DisableKeyRotationAsync(id, token),
                "GetKeyRotationStatus" => kms.GetKeyRotationStatusAsync(id, token),
                "RotateKeyOnDemand" => kms.RotateKeyOnDemandAsync(new RotateKeyOnDemandRequest { KeyId = id }, token),
                "ListKeyRotations" => kms.ListKeyRotationsAsync(new ListKeyRotationsRequest { KeyId = id }, token),
                "ScheduleKeyDeletion" => kms.ScheduleKeyDeletionAsync(id, 7, token),
                "CancelKeyDeletion" => kms.CancelKeyDeletionAsync(id, token),
                "ReplicateKey" => kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = id, ReplicaRegion = "ap-south-1" }, token),
                "UpdatePrimaryRegion" => kms.UpdatePrimaryRegionAsync(new UpdatePrimaryRegionRequest { KeyId = id, PrimaryRegion = "us-east-2" }, token),
                "CreateGrant" => kms.CreateGrantAsync(new CreateGrantRequest { KeyId = id, GranteePrincipal = "arn:aws:iam::123456789012:role/r", Operations = ["Encrypt"] }, token),
                "Encrypt" => kms.EncryptAsync(new EncryptRequest { KeyId = id, Plaintext = new MemoryStream([1]) }, token),
                "GenerateDataKeyWithoutPlaintext" => kms.GenerateDataKeyWithoutPlaintextAsync(new GenerateDataKeyWithoutPlaintextRequest { KeyId = id, KeySpec = "AES_256" }, token),
                "GenerateDataKeyPair" => kms.GenerateDataKeyPairAsync(new GenerateDataKeyPairRequest { KeyId = id, KeyPairSpec = "ECC_NIST_P256" }, token),
                "ReEncrypt" => ReEncryptToAsync(kms, id, token),
                "GenerateDataKey" => kms.GenerateDataKeyAsync(new GenerateDataKeyRequest { KeyId = id, KeySpec = "AES_256" }, token),
                _ => throw new InvalidOperationException(operation),
            });
            return Ok;
        }
        catch (AmazonKeyManagementServiceException e)
        {
            return $"{e.ErrorCode}: {e.Message}";
        }
    }

    private static async Task ReEncryptToAsync(IAmazonKeyManagementService kms, string id, CancellationToken token)
    {
        var other = (await kms.CreateKeyAsync(new CreateKeyRequest(), token)).KeyMetadata.KeyId;
        var blob = (await kms.EncryptAsync(new EncryptRequest { KeyId = other, Plaintext = new MemoryStream([1]) }, token)).CiphertextBlob;
        await kms.ReEncryptAsync(new ReEncryptRequest { CiphertextBlob = blob, DestinationKeyId = id }, token);
    }

    /// <summary>A multi-Region key in the state, and the Region to call.</summary>
    private static async Task<(KeyMetadata Key, string Region)> MakeAsync(TestSimulator simulator, string state)
    {
        var token = TestSimulator.Token;
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true, Origin = state == "PendingImport" ? "EXTERNAL" : "AWS_KMS" });
        if (state is "Enabled" or "Updating")
            await simulator.Kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = key.KeyId, ReplicaRegion = "us-east-2" }, token);
        if (state is "PendingReplicaDeletion" or "Creating" or "Updating")
            await simulator.Kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = key.KeyId, ReplicaRegion = "eu-west-1" }, token);
        switch (state)
        {
            case "Enabled":
                await simulator.AdvanceAsync(TimeSpan.FromSeconds(1));
                break;
            case "Disabled":
                await simulator.Kms.DisableKeyAsync(key.KeyId, token);
                break;
            case "PendingDeletion" or "PendingReplicaDeletion":
                await simulator.Kms.ScheduleKeyDeletionAsync(key.KeyId, 7, token);
                break;
            case "Updating":
                await simulator.AdvanceAsync(TimeSpan.FromSeconds(1));
                await simulator.Kms.UpdatePrimaryRegionAsync(new UpdatePrimaryRegionRequest { KeyId = key.KeyId, PrimaryRegion = "eu-west-1" }, token);
                break;
        }

        return (key, state is "Creating" or "Updating" ? "eu-west-1" : "us-east-1");
    }
}
