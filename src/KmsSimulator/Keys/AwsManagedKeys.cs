using System.Collections.Frozen;
using System.Collections.Immutable;
using KmsSimulator.Policies;
using KmsSimulator.State;
using KmsSimulator.Tags;

namespace KmsSimulator.Keys;

/// <summary>The keys that AWS makes and manages for its services, one in each account and Region, and their aliases.</summary>
/// <remarks>
/// Source: AWS KMS API reference, ListAliases (AWS aliases may have no TargetKeyId) and DescribeKey (an AWS alias without a key gets one when it
/// is described); developer guide, "AWS managed keys".
/// </remarks>
internal static class AwsManagedKeys
{
    /// <summary>What the aliases of these keys, and of no others, begin with.</summary>
    public const string AliasPrefix = "alias/aws/";

    private const int RotationPeriodInDays = 365;

    // By the name behind the prefix: the service that uses the key in kms:ViaService.
    private static readonly FrozenDictionary<string, string> Services = new Dictionary<string, string>
    {
        ["acm"] = "acm",
        ["backup"] = "backup",
        ["dynamodb"] = "dynamodb",
        ["ebs"] = "ec2",
        ["elasticfilesystem"] = "elasticfilesystem",
        ["kinesis"] = "kinesis",
        ["lambda"] = "lambda",
        ["rds"] = "rds",
        ["redshift"] = "redshift",
        ["s3"] = "s3",
        ["secretsmanager"] = "secretsmanager",
        ["sns"] = "sns",
        ["sqs"] = "sqs",
        ["ssm"] = "ssm",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    // Services that have made their keys already; the others' aliases have no target yet.
    private static readonly string[] InUse = ["ebs", "rds", "ssm"];

    /// <summary>Names of all the aliases.</summary>
    public static IEnumerable<string> AliasNames => Services.Keys.Select(service => AliasPrefix + service);

    /// <summary>Whether it is one of them.</summary>
    public static bool IsAlias(string name) =>
        name.StartsWith(AliasPrefix, StringComparison.Ordinal) && Services.ContainsKey(name[AliasPrefix.Length..]);

    /// <summary>Adds the keys of those aliases that have one to a Region of an account.</summary>
    public static void AddTo(KmsAccount account, string region, KmsAccountRegion to, DateTimeOffset now)
    {
        foreach (var service in InUse)
            Create(account, region, to, AliasPrefix + service, now);
    }

    /// <summary>Makes the key of an alias that has none.</summary>
    public static void Create(KmsAccount account, string region, KmsAccountRegion to, string alias, DateTimeOffset now)
    {
        var service = alias[AliasPrefix.Length..];
        var group = new KeyGroup(account.IdOf($"{region}/{alias}"), KeySpecs.Symmetric, KeySpecs.EncryptDecrypt, "AWS_KMS", multiRegion: false)
        {
            IsAwsManaged = true,
        };
        var key = new KeyEntry(account.Id, region, group);
        group.Members.Add(region, key);
        group.Shared.Write(
            new SharedProperties
            {
                PrimaryRegion = region,
                Regions = ImmutableSortedSet.Create(StringComparer.Ordinal, region),
                Materials = [CreateKeyOperation.NewMaterial(account, group, 0)],
                RotationPeriodInDays = RotationPeriodInDays,
                NextRotationDate = now.AddDays(RotationPeriodInDays),
            },
            now,
            now);
        Rotation.AutomaticRotation.Schedule(account, group, now.AddDays(RotationPeriodInDays));
        key.Record.Write(
            new KeyRecord
            {
                State = KeyState.Enabled,
                Description = $"Default key that protects data of {service} when no other key is named",
                Policy = Policy(account.Id, region, Services[service]),
                Tags = TagRules.NoTags,
                CreationDate = now,
            },
            now,
            now);
        to.AddUnlisted(key);
        to.AliasToWrite(alias).Record.Write(new AliasRecord(key.KeyId, now, now), now, now);
        key.AliasNames.Add(alias);
    }

    private static KeyPolicy Policy(string account, string region, string service)
    {
        var partition = Arn.Partition(region);
        return KeyPolicy.Of($$"""
            {"Version":"2012-10-17","Id":"auto-{{service}}","Statement":[
            {"Sid":"Use through the service","Effect":"Allow","Principal":{"AWS":"*"},
            "Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:CreateGrant","kms:DescribeKey"],"Resource":"*",
            "Condition":{"StringEquals":{"kms:CallerAccount":"{{account}}","kms:ViaService":"{{service}}.{{region}}.amazonaws.com"} } },
            {"Sid":"Read the key's metadata","Effect":"Allow","Principal":{"AWS":"{{Arn.Root(partition, account)}}"},
            "Action":["kms:Describe*","kms:Get*","kms:List*","kms:RevokeGrant"],"Resource":"*"}]}
            """, partition);
    }
}
