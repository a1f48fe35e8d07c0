using KmsOperator.Importing;
using KmsOperator.Importing.Crossplane;
using KmsOperator.Importing.Objects;
using KmsOperator.Manifests;
using Xunit;

namespace KmsOperator.UnitTests.Importing.Crossplane;

public sealed class CrossplaneKeysTests
{
    private const string Arn = "arn:aws:kms:us-east-1:123456789012:key/mrk-1";

    private const string Exported = """
        apiVersion: kms.aws.upbound.io/v1beta1
        kind: Key
        metadata: {name: orders, annotations: {crossplane.io/external-name: mrk-1}}
        spec: {forProvider: {region: us-east-1, description: wanted, deletionWindowInDays: 7.0, multiRegion: true, tags: {team: pay}}}
        status:
          atProvider:
            arn: arn:aws:kms:us-east-1:123456789012:key/mrk-1
            description: real
            enableKeyRotation: true
            rotationPeriodInDays: 180
            policy: '{"Version":"2012-10-17"}'
            tagsAll: {team: pay, crossplane-name: orders}
        ---
        apiVersion: kms.aws.upbound.io/v1beta1
        kind: ReplicaKey
        metadata: {name: orders-eu}
        spec: {forProvider: {region: eu-west-1, primaryKeyArnRef: {name: orders}}}
        status: {atProvider: {arn: "arn:aws:kms:eu-west-1:123456789012:key/mrk-1", enabled: false}}
        ---
        apiVersion: kms.aws.upbound.io/v1beta1
        kind: Alias
        metadata: {name: a1, annotations: {crossplane.io/external-name: alias/acme/orders}}
        spec: {forProvider: {region: us-east-1, targetKeyIdRef: {name: orders}}}
        ---
        apiVersion: kms.aws.upbound.io/v1beta1
        kind: Alias
        metadata: {name: a2, annotations: {crossplane.io/external-name: alias/acme/orders}}
        spec: {forProvider: {region: eu-west-1, targetKeyId: mrk-1}}
        ---
        apiVersion: kms.aws.upbound.io/v1beta1
        kind: Grant
        metadata: {name: reader}
        spec: {forProvider: {region: us-east-1, keyIdRef: {name: orders}, granteePrincipal: wanted, operations: [Decrypt]}}
        status:
          atProvider:
            grantId: g1
            name: theirs
            granteePrincipal: arn:aws:iam::123456789012:role/r
            retiringPrincipal: arn:aws:iam::123456789012:role/e
            operations: [Encrypt, Decrypt]
            constraints: [{encryptionContextEquals: {a: b}, encryptionContextSubset: {}}]
        ---
        apiVersion: kms.aws.m.upbound.io/v1beta1
        kind: Key
        metadata: {name: orders, namespace: shop}
        spec: {forProvider: {region: us-east-1}}
        status: {atProvider: {arn: "arn:aws:kms:us-east-1:123456789012:key/2"}}
        ---
        apiVersion: kms.aws.upbound.io/v1beta1
        kind: Key
        metadata: {name: from-git}
        spec: {forProvider: {region: us-east-1}}
        ---
        apiVersion: kms.aws.upbound.io/v1beta1
        kind: ExternalKey
        metadata: {name: external}
        spec: {forProvider: {region: us-east-1}}
        """;

    private readonly ForeignKeys _read = Read(Exported);

    [Fact]
    public void What_AWS_has_comes_before_what_is_wanted()
    {
        var key = _read.Keys.Single(key => key.Arn == Arn);

        Assert.Equal(("real", 7, true, true, 180), (key.Description, key.DeletionWindowDays, key.MultiRegion, key.Rotation!.Enabled, key.Rotation.PeriodDays));
        Assert.Equal(["crossplane-name", "team"], key.Tags.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["alias/acme/orders"], key.Aliases);
    }

    [Fact]
    public void A_replica_is_told_from_its_primary_although_both_have_one_id()
    {
        var replica = _read.Keys.Single(key => key.PrimaryArn is not null);

        Assert.Equal((Arn, "eu-west-1", false), (replica.PrimaryArn, replica.Region, replica.Enabled));
        Assert.Equal(["alias/acme/orders"], replica.Aliases);
    }

    [Fact]
    public void A_grant_comes_with_its_key()
    {
        var grant = Assert.Single(_read.Keys.Single(key => key.Arn == Arn).Grants);

        Assert.Equal(("g1", "theirs", "arn:aws:iam::123456789012:role/r", "arn:aws:iam::123456789012:role/e", null), (grant.Id, grant.Name, grant.GranteePrincipal, grant.RetiringPrincipal, grant.Obstacle));
        Assert.Equal(["Encrypt", "Decrypt"], grant.Operations);
        Assert.Equal("b", grant.EncryptionContextEquals!["a"]);
        Assert.Null(grant.EncryptionContextSubset);
    }

    // what changes in the manifest, what is said, why
    public static TheoryData<string, string, string> Obstacles => new()
    {
        { "grantId: g1\n", "has no status.atProvider.grantId", "Crossplane has not made it yet" },
        { "constraints: [{", "lists several constraints", "KMS has one, and nobody knows which" },
    };

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void A_grant_that_is_not_known_to_be_as_written_is_not_taken_over(string place, string said, string why)
    {
        var text = place.StartsWith("grantId", StringComparison.Ordinal)
            ? Exported.Replace("            grantId: g1\n", "", StringComparison.Ordinal).Replace("    grantId: g1\n", "", StringComparison.Ordinal)
            : Exported.Replace(place, place + "encryptionContextEquals: {c: d}}, {", StringComparison.Ordinal);

        Assert.True(Read(text).Keys.Single(key => key.Arn == Arn).Grants.Single().Obstacle?.Contains(said, StringComparison.Ordinal) == true, why);
    }

    [Fact]
    public void Crossplane_lets_go_by_Observe_and_where_it_has_one_by_deletion_policy()
    {
        Assert.Equal(
            """kubectl patch keys.kms.aws.upbound.io orders --type merge -p '{"spec":{"managementPolicies":["Observe"],"deletionPolicy":"Orphan"}}'""",
            _read.Keys.Single(key => key.Arn == Arn).Sources[0].LetGo);
        Assert.Equal(
            """kubectl patch keys.kms.aws.m.upbound.io orders -n shop --type merge -p '{"spec":{"managementPolicies":["Observe"]}}'""",
            _read.Keys.Single(key => key.KeyId == "2").Sources[0].LetGo);
    }

    [Fact]
    public void What_cannot_come_is_told() => Assert.Equal(
        ["ExternalKey.kms.aws.upbound.io external", "Key.kms.aws.upbound.io from-git"], _read.Left.Select(one => one.Subject).Order(StringComparer.Ordinal));

    private static ForeignKeys Read(string text)
    {
        var objects = new List<ForeignObject>();
        var errors = new List<ManifestError>();
        using var reader = new StringReader(text);
        ForeignObjects.Read("x", reader, CrossplaneKeys.Groups, objects, errors);
        Assert.Empty(errors);
        return CrossplaneKeys.Of(objects);
    }
}
