using CsCheck;
using KmsOperator.Api;
using Xunit;

namespace KmsOperator.UnitTests.Api;

public sealed class CreateAttemptTests
{
    private static readonly DateTimeOffset Time = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private static readonly CreateAttempt Attempt = new("a1", Time)
    {
        ClassName = "standard",
        AccountId = "111122223333",
        Region = "us-gov-east-1",
        Service = "s3",
        Aliases = ["alias/acme/s3", "alias/b"],
    };

    public static TheoryData<string, string?, string> Values => new()
    {
        { "a1@2026-01-31T12:00:00Z", "a1", "id and time" },
        { "a@b@2026-01-31T12:00:00Z", "a@b", "the time follows the last @" },
        { "", null, "empty" },
        { "a1", null, "no time" },
        { "@2026-01-31T12:00:00Z", null, "no id" },
        { "a1@", null, "an empty time" },
        { "a1@2026-01-31", null, "a day is no time" },
        { "a1@2026-02-31T12:00:00Z", null, "there is no such day" },
        { "a1@2026-01-31T12:00:00+01:00", null, "the operator writes UTC" },
        { new string('a', 257) + "@2026-01-31T12:00:00Z", null, "KMS permits no such tag" },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void An_attempt_is_what_the_operator_writes_and_nothing_else(string value, string? id, string why)
    {
        var attempt = CreateAttempt.Of(Key(new() { [AnnotationNames.CreateAttempt] = value }));
        Assert.True(attempt?.Id == id, why);
        Assert.True(attempt is null || attempt.RecordedAt == Time, why);
    }

    [Fact]
    public void What_is_written_is_read()
    {
        var read = CreateAttempt.Of(Key(Attempt.ToAnnotations().ToDictionary()))!;
        Assert.Equal(Attempt with { Aliases = [] }, read with { Aliases = [] });
        Assert.Equal(Attempt.Aliases, read.Aliases);
        Assert.Equal("a1@2026-01-31T12:00:00Z", Attempt.ToAnnotations()[AnnotationNames.CreateAttempt]);
    }

    [Fact]
    public void With_a_key_there_is_no_attempt() =>
        Assert.Null(CreateAttempt.Of(Key(Attempt.ToAnnotations().ToDictionary()) with { Status = new() { KeyId = "1" } }));

    [Theory]
    [InlineData(-3600, true, "somebody took the finalizer off")]
    [InlineData(0, true, "so, within the second in which the resource was made")]
    [InlineData(4, true, "the operator's clock is behind the server's")]
    [InlineData(6, false, "the record came with a copied manifest: it is older than the resource")]
    public void Without_the_finalizer_there_is_an_attempt_only_where_the_record_is_not_older_than_the_resource(int secondsAfter, bool isAttempt, string why)
    {
        var key = Key(Attempt.ToAnnotations().ToDictionary());
        key = key with { Metadata = key.Metadata with { Finalizers = ["other"], CreationTimestamp = Time.AddSeconds(secondsAfter) } };
        Assert.True(CreateAttempt.Of(key) is not null == isAttempt, why);
    }

    [Fact]
    public void The_status_shows_where_the_key_is_to_be_and_keeps_aliases_that_it_knew()
    {
        var status = CreateAttempt.StatusOf(Key(Attempt.ToAnnotations().ToDictionary()) with
        {
            Status = new() { PendingAliasName = "alias/before", FormerAliasNames = ["alias/older"] },
        });
        Assert.Equal(("standard", "111122223333", "us-gov-east-1", "s3", "alias/acme/s3"), (status.ClassName, status.AccountId, status.Region, status.Service, status.PendingAliasName));
        Assert.Equal(["alias/b", "alias/before", "alias/older"], status.FormerAliasNames);
    }

    [Theory]
    [InlineData("\"className\":\"standard\"", "\"className\":\"\"", "a class has a name")]
    [InlineData("111122223333", "1111222233334", "an account has twelve digits")]
    [InlineData("us-gov-east-1", "US EAST", "a Region is lower case")]
    [InlineData("alias/b", "alias/aws/b", "AWS's own aliases are nobody's")]
    [InlineData("alias/b", "b", "an alias begins with alias/")]
    [InlineData("{", "[", "the details are an object")]
    public void Details_that_are_none_of_the_operator_s_are_left_out(string before, string after, string why)
    {
        var annotations = Attempt.ToAnnotations().ToDictionary();
        annotations[AnnotationNames.CreateDetails] = annotations[AnnotationNames.CreateDetails].Replace(before, after, StringComparison.Ordinal);
        var read = CreateAttempt.Of(Key(annotations));
        Assert.True(read is { Id: "a1", ClassName: null, AccountId: null, Region: null, Service: null, Aliases.Count: 0 }, why);
    }

    [Fact]
    public void Whatever_people_write_there_is_read_without_an_exception() =>
        Gen.Select(Gen.String, Gen.String).Sample((attempt, details) =>
        {
            var key = Key(new() { [AnnotationNames.CreateAttempt] = attempt, [AnnotationNames.CreateDetails] = details });
            _ = CreateAttempt.StatusOf(key);
            _ = CreateAttempt.StatusOf(Key(new() { [AnnotationNames.CreateAttempt] = "a1@2026-01-31T12:00:00Z", [AnnotationNames.CreateDetails] = details }));
        });

    private static ServiceKey Key(Dictionary<string, string> annotations) =>
        new() { Metadata = new() { Namespace = "team", Name = "one", Finalizers = [ApiGroup.Finalizer], Annotations = annotations } };
}
