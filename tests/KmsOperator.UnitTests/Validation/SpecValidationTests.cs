using KmsOperator.Api;
using KmsOperator.Planning;
using Xunit;

namespace KmsOperator.UnitTests.Validation;

public sealed class SpecValidationTests
{
    [Fact]
    public void All_errors_are_reported_with_their_fields()
    {
        var errors = SpecValidation.Validate(new KeyClass { Spec = new() { Region = "here", DeletionPolicy = "Shred", Rotation = new() { PeriodDays = 1 } } });

        Assert.Equal(["spec.region", "spec.aliasPrefix", "spec.rotation.periodDays", "spec.deletionPolicy"], errors.Select(error => error.Field));
    }

    [Fact]
    public void An_error_reads_as_field_and_message()
    {
        var error = Assert.Single(SpecValidation.Validate(new ServiceKey { Spec = new() { KeySpec = "HMAC_256" } }));

        Assert.Equal(
            "spec.keyUsage: keyUsage must be GENERATE_VERIFY_MAC with keySpec HMAC_256, without one it is ENCRYPT_DECRYPT", error.ToString());
    }

    [Theory]
    [InlineData("Decript", "\"Decript\" is not supported, did you mean \"Decrypt\"?; grants give CreateGrant, ")]
    [InlineData("kms:Decrypt", "\"kms:Decrypt\" is not supported, did you mean \"Decrypt\"?")]
    [InlineData("ReEncrypt*", "\"ReEncrypt*\" is not supported, use ReEncryptFrom and ReEncryptTo;")]
    [InlineData("GenerateDataKey*", "\"GenerateDataKey*\" is not supported, name the operations one by one;")]
    [InlineData("ScheduleKeyDeletion", "\"ScheduleKeyDeletion\" is not supported; grants give ")]
    [InlineData("Sign", "grants has an operation that a key of keySpec SYMMETRIC_DEFAULT does not have, Sign; it has CreateGrant, Decrypt, ")]
    public void An_operation_that_cannot_be_granted_is_refused_with_advice(string operation, string expected)
    {
        var error = Assert.Single(SpecValidation.Validate(new ServiceKey { Spec = new() { Grants = [new GrantSpec { Name = "a", GranteePrincipal = "App", Operations = [operation] }] } }));

        Assert.Equal("spec.grants[0].operations[0]", error.Field);
        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_wrong_with_a_grant_beyond_the_schema_is_said_with_its_field()
    {
        GrantSpec[] grants =
        [
            new() { Name = "a", GranteePrincipal = "s3.amazonaws.com", Operations = ["Decrypt"] },
            new() { Name = "b", GranteePrincipal = "App", Operations = ["Decrypt"], EncryptionContextSubset = new Dictionary<string, string> { [new string('k', 100)] = new string('v', 285) } },
        ];

        Assert.Equal(
            [
                "spec.grants[0].granteePrincipal: \"s3.amazonaws.com\" is an AWS service, which granteeServicePrincipal names",
                "spec.grants[1].encryptionContextSubset: has 385 characters, KMS takes 384 in the encryption context of a grant",
            ],
            SpecValidation.Validate(new ServiceKey { Spec = new() { Grants = grants } }).Select(error => error.ToString()));
    }

    [Theory]
    [InlineData("s3", "s3", null, true)]
    [InlineData("s3", "ebs", "service is immutable", true)]
    [InlineData("s3", null, "service is immutable", true)]
    [InlineData(null, "ebs", null, true)] // What was not recorded cannot be held against the spec.
    [InlineData("s3", "ebs", "service is immutable", false)]
    public void Where_the_server_knows_no_CEL_the_recorded_service_is_held_against_the_spec(string? recorded, string? now, string? expected, bool hasKey)
    {
        var key = new ServiceKey { Spec = new() { Service = now }, Status = new() { KeyId = hasKey ? "k" : null, Service = recorded } };

        AssertMessage(expected, SpecValidation.Validate(key));
    }

    [Theory]
    [InlineData("k", "standard", "standard", null)]
    [InlineData("k", "standard", null, null)]
    [InlineData("k", "standard", "other", "spec.className cannot change once the key exists")]
    [InlineData(null, "standard", "other", null)]
    public void Where_the_server_knows_no_CEL_the_recorded_class_is_held_against_the_spec(string? keyId, string recorded, string? now, string? expected)
    {
        var key = new ServiceKey { Spec = new() { ClassName = now }, Status = new() { KeyId = keyId, ClassName = recorded } };

        AssertMessage(expected, SpecValidation.Validate(key));
    }

    [Fact]
    public void Where_the_server_knows_no_CEL_the_recorded_Region_of_a_replica_is_held_against_the_spec()
    {
        var replica = new KeyReplica
        {
            Spec = new() { PrimaryRef = new() { Name = "a" }, Region = "eu-west-2" },
            Status = new() { KeyId = "k", Region = "eu-west-1" },
        };

        AssertMessage("region is immutable", SpecValidation.Validate(replica));
    }

    [Fact]
    public void A_null_in_a_list_is_an_error_and_not_a_crash()
    {
        var key = new ServiceKey { Spec = new() { MultiRegion = true, ReplicaRegions = [null!], Access = new() { Users = [null!] } } };

        Assert.Equal(["spec.replicaRegions[0]", "spec.access.users[0]"], SpecValidation.Validate(key).Select(error => error.Field));
    }

    [Theory]
    [InlineData("eu-central-1\n", "a line feed at the end")]
    [InlineData("eu-central-1\u0661", "a digit that is not ASCII")]
    public void Patterns_mean_the_same_as_on_the_server(string region, string because)
    {
        var error = Assert.Single(SpecValidation.Validate(new KeyClass { Spec = new() { AliasPrefix = "a", Region = region } }));

        Assert.True(error.Field == "spec.region", because);
    }

    [Fact]
    public void Lengths_count_characters_and_not_UTF16_units()
    {
        var tags = new Dictionary<string, string> { ["a"] = string.Concat(Enumerable.Repeat("\U00020000", 256)) };

        Assert.Empty(SpecValidation.Validate(new ServiceKey { Spec = new() { Tags = tags } }));
    }

    [Theory]
    [InlineData("AWS:owner", "reserved for AWS")]
    [InlineData("a;b", "are allowed in tag keys")]
    [InlineData("", "tag keys have 1 to 128 characters")]
    public void Tag_keys_that_no_schema_can_check_are_checked_here(string key, string expected) =>
        AssertMessage(expected, SpecValidation.Validate(new ServiceKey { Spec = new() { Tags = new Dictionary<string, string> { [key] = "x" } } }));

    [Fact]
    public void Control_characters_do_not_reach_the_message()
    {
        var error = Assert.Single(SpecValidation.Validate(new ServiceKey { Spec = new() { Alias = "alias/a\r\nb" } }));

        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("alias/a", null)]
    [InlineData("alias/a/b_c-D9", null)]
    [InlineData("alias/aws", null)]
    [InlineData("alias/", "is not an alias name")]
    [InlineData("a", "is not an alias name")]
    [InlineData("alias/a.b", "is not an alias name")]
    [InlineData("alias/aws/s3", "alias/aws/ is reserved")]
    public void Alias_names_follow_the_rules_of_KMS(string name, string? expected)
    {
        if (expected is null) Assert.Null(AliasName.Check(name));
        else Assert.Contains(expected, AliasName.Check(name), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null, true, "the defaults are a symmetric key")]
    [InlineData("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", true, "KMS rotates symmetric keys")]
    [InlineData("SYMMETRIC_DEFAULT", "SIGN_VERIFY", false, "there is no such key")]
    [InlineData("RSA_2048", "ENCRYPT_DECRYPT", false, "asymmetric keys do not rotate")]
    [InlineData("HMAC_256", "GENERATE_VERIFY_MAC", false, "HMAC keys do not rotate")]
    [InlineData("AES_1", "ENCRYPT_DECRYPT", false, "no such spec")]
    public void Only_symmetric_encryption_keys_rotate_by_themselves(string? spec, string? usage, bool expected, string because) =>
        Assert.True(KeySpecs.CanRotate(spec, usage) == expected, because);

    private static void AssertMessage(string? expected, IReadOnlyList<FieldError> errors)
    {
        if (expected is null) Assert.Empty(errors);
        else Assert.Contains(expected, Assert.Single(errors).ToString(), StringComparison.Ordinal);
    }
}
