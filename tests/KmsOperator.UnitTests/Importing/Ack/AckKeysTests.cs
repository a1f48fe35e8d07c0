using KmsOperator.Importing;
using KmsOperator.Importing.Ack;
using KmsOperator.Importing.Objects;
using KmsOperator.Manifests;
using Xunit;

namespace KmsOperator.UnitTests.Importing.Ack;

public sealed class AckKeysTests
{
    private const string Arn = "arn:aws:kms:us-east-1:123456789012:key/mrk-1";

    private const string Exported = """
        apiVersion: v1
        kind: List
        items:
        - apiVersion: kms.services.k8s.aws/v1alpha1
          kind: Key
          metadata: {name: orders, namespace: shop, annotations: {kms.services.k8s.aws/pending-window-in-days: "9"}}
          spec:
            description: Orders
            enableKeyRotation: true
            multiRegion: true
            policy: '{"Version":"2012-10-17"}'
            tags: [{tagKey: team, tagValue: pay}]
          status: {keyState: Disabled, ackResourceMetadata: {arn: "arn:aws:kms:us-east-1:123456789012:key/mrk-1", ownerAccountID: "123456789012", region: us-east-1}}
        - apiVersion: kms.services.k8s.aws/v1alpha1
          kind: ReplicaKey
          metadata: {name: orders-eu, namespace: other}
          spec: {replicaRegion: eu-west-1, keyRef: {from: {name: orders, namespace: shop}}}
          status: {ackResourceMetadata: {arn: "arn:aws:kms:eu-west-1:123456789012:key/mrk-1"}}
        - apiVersion: kms.services.k8s.aws/v1alpha1
          kind: Alias
          metadata: {name: orders, namespace: shop}
          spec: {name: acme/orders, targetKeyRef: {from: {name: orders}}}
        - apiVersion: kms.services.k8s.aws/v1alpha1
          kind: Alias
          metadata: {name: orders-eu, namespace: other}
          spec: {name: alias/acme/orders, targetKeyID: "arn:aws:kms:eu-west-1:123456789012:key/mrk-1"}
        - apiVersion: kms.services.k8s.aws/v1alpha1
          kind: Grant
          metadata: {name: reader, namespace: shop}
          spec: {keyID: mrk-1, granteePrincipal: "arn:aws:iam::123456789012:role/r", retiringPrincipal: "arn:aws:iam::123456789012:role/e", operations: [Encrypt, Decrypt], constraints: {encryptionContextSubset: {a: b}}}
          status: {grantID: g1, grantToken: secret-token}
        - apiVersion: kms.services.k8s.aws/v1alpha1
          kind: Key
          metadata: {name: from-git, namespace: shop}
          spec: {}
        - apiVersion: kms.services.k8s.aws/v1alpha1
          kind: Key
          metadata: {name: external, namespace: shop}
          spec: {origin: EXTERNAL}
          status: {ackResourceMetadata: {arn: "arn:aws:kms:us-east-1:123456789012:key/2"}}
        - apiVersion: kms.services.k8s.aws/v1alpha1
          kind: Alias
          metadata: {name: lost, namespace: shop}
          spec: {name: alias/lost, targetKeyID: "3"}
        - apiVersion: v1
          kind: ConfigMap
        """;

    private readonly ForeignKeys _read = AckKeys.Of(Read(Exported));

    [Fact]
    public void A_key_comes_with_its_alias_and_its_grants()
    {
        var key = _read.Keys.Single(key => key.Arn == Arn);

        Assert.Equal(("Orders", false, true, 9), (key.Description, key.Enabled, key.MultiRegion, key.DeletionWindowDays));
        Assert.True(key.Rotation!.Enabled);
        Assert.Equal("pay", key.Tags["team"]);
        Assert.Equal(["alias/acme/orders"], key.Aliases);
        Assert.Empty(key.Left);
        var grant = Assert.Single(key.Grants);
        Assert.Equal(("g1", null, "arn:aws:iam::123456789012:role/r", "arn:aws:iam::123456789012:role/e", null), (grant.Id, grant.Name, grant.GranteePrincipal, grant.RetiringPrincipal, grant.Obstacle));
        Assert.Equal(["Encrypt", "Decrypt"], grant.Operations);
        Assert.Equal("b", grant.EncryptionContextSubset!["a"]);
        Assert.Null(grant.EncryptionContextEquals);
        Assert.Equal(
            [
                "kubectl annotate keys.kms.services.k8s.aws orders -n shop services.k8s.aws/deletion-policy=retain --overwrite",
                "kubectl annotate aliases.kms.services.k8s.aws orders -n shop services.k8s.aws/deletion-policy=retain --overwrite",
                "kubectl annotate grants.kms.services.k8s.aws reader -n shop services.k8s.aws/deletion-policy=retain --overwrite",
            ],
            key.Sources.Select(source => source.LetGo));
    }

    [Fact]
    public void A_grant_that_ACK_has_not_made_yet_is_none() =>
        Assert.Contains("has no status.grantID", AckKeys.Of(Read(Exported.Replace("grantID: g1, ", "", StringComparison.Ordinal))).Keys.Single(key => key.Arn == Arn).Grants.Single().Obstacle, StringComparison.Ordinal);

    [Fact]
    public void A_replica_finds_its_primary_in_another_namespace()
    {
        var replica = _read.Keys.Single(key => key.PrimaryArn is not null);

        Assert.Equal((Arn, "eu-west-1"), (replica.PrimaryArn, replica.Region));
        Assert.Equal(["alias/acme/orders"], replica.Aliases);
    }

    [Fact]
    public void What_cannot_come_is_told() => Assert.Equal(
        ["Alias.kms.services.k8s.aws shop/lost", "Key.kms.services.k8s.aws shop/external", "Key.kms.services.k8s.aws shop/from-git"],
        _read.Left.Select(one => one.Subject).Order(StringComparer.Ordinal));

    [Fact]
    public void A_strange_name_stays_one_argument_of_the_command()
    {
        var text = Exported.Replace("{name: from-git, namespace: shop}", "{name: \"a'; rm -rf /\"}", StringComparison.Ordinal);

        Assert.Contains(AckKeys.Of(Read(text)).Kept, one => one.LetGo.Contains(@" 'a'\''; rm -rf /' ", StringComparison.Ordinal));
    }

    private static List<ForeignObject> Read(string text)
    {
        var objects = new List<ForeignObject>();
        var errors = new List<ManifestError>();
        using var reader = new StringReader(text);
        ForeignObjects.Read("x", reader, [AckKeys.Group], objects, errors);
        Assert.Empty(errors);
        return objects;
    }
}
