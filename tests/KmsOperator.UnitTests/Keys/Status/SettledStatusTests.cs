using KmsOperator.Api;
using KmsOperator.Keys.Status;
using KmsOperator.Planning;
using KmsOperator.Policies;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Status;

public sealed class SettledStatusTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    // A server that removes in a second write may have kept what is there only while a key is not as desired.
    [Fact]
    public void A_status_that_was_written_by_half_says_nothing_old_of_a_key_that_is_as_desired()
    {
        var half = new KeyStatus
        {
            PendingAliasName = "alias/b",
            FormerAliasNames = ["alias/a"],
            LastChangedAt = Start,
            LastVerifiedAt = Start.AddMinutes(6),
            DeletionDate = Start,
            TagKeys = ["gone", "kept"],
            Rotation = new RotationStatus { Enabled = false, PeriodDays = 365, NextRotationDate = Start, LastRotationDate = Start },
        };
        var settled = KeyStatusFields.Settled(half, Desired(), TimeSpan.FromMinutes(5));
        Assert.Null(settled.PendingAliasName);
        Assert.Null(settled.FormerAliasNames);
        Assert.Null(settled.DeletionDate);
        Assert.Equal(["kept"], settled.TagKeys);
        Assert.Equal(new RotationStatus { Enabled = false, LastRotationDate = Start }, settled.Rotation);
    }

    [Fact]
    public void What_the_last_comparison_has_yet_to_look_for_stays()
    {
        var written = new KeyStatus { FormerAliasNames = ["alias/a"], LastChangedAt = Start, LastVerifiedAt = Start, Rotation = new RotationStatus { Enabled = true, PeriodDays = 90 } };
        var settled = KeyStatusFields.Settled(written, Desired(), TimeSpan.FromMinutes(5));
        Assert.Equal(["alias/a"], settled.FormerAliasNames);
        Assert.Equal(written.Rotation, settled.Rotation);
    }

    private static DesiredKey Desired() => new()
    {
        Owner = new KeyOwner("ServiceKey", "a", "b", "uid-1", "c"),
        Location = new KeyLocation("111122223333", "eu-west-1"),
        Description = "a",
        AliasName = "alias/b",
        KeySpec = "SYMMETRIC_DEFAULT",
        KeyUsage = "ENCRYPT_DECRYPT",
        Policy = PolicyRenderer.Render(new PolicyRequest { Region = "eu-west-1", AccountId = "111122223333" }),
        Tags = new Dictionary<string, string> { ["kept"] = "1" },
    };
}
