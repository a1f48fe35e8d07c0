using KmsOperator.Api;
using KmsOperator.Keys.Status;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Status;

public sealed class RotationHistoryTests
{
    private static readonly RotationAttemptStatus Attempt = new() { RotateAt = "r2", StartedAt = DateTimeOffset.UnixEpoch, RotationsBefore = 1 };

    [Theory]
    [InlineData(null, null, "r1", 1, "r1", 1, "the status was restored to before the rotation")]
    [InlineData("r1", 1, "r2", 2, "r2", 2, "and to before the second one")]
    [InlineData("r2", 2, "r1", 1, "r2", 2, "another process has rotated the key since")]
    [InlineData("r1", 1, "r1", 1, "r1", 1, "nothing has changed")]
    public void Rotations_that_this_process_recorded_are_not_forgotten(string? rotateAt, int? rotations, string writtenRotateAt, int writtenRotations, string expected, int expectedRotations, string why)
    {
        var status = RotationHistory.WithRemembered(
            new KeyStatus { KeyId = "key", LastHandledRotateAt = rotateAt, OnDemandRotations = rotations }, new WrittenStatus("key", [], writtenRotateAt, writtenRotations, null));

        Assert.True((status.LastHandledRotateAt, status.OnDemandRotations) == (expected, expectedRotations), why);
    }

    [Theory]
    [InlineData("r1", true, "the record of the attempt is lost, and its outcome is open")]
    [InlineData("r2", false, "another process has settled the attempt")]
    public void An_attempt_that_this_process_recorded_is_not_forgotten(string rotateAt, bool isRemembered, string why)
    {
        var status = RotationHistory.WithRemembered(
            new KeyStatus { KeyId = "key", LastHandledRotateAt = rotateAt, OnDemandRotations = rotateAt == "r1" ? 1 : 2 }, new WrittenStatus("key", [], "r1", 1, Attempt));

        Assert.True(status.RotationAttempt == (isRemembered ? Attempt : null), why);
    }

    [Fact]
    public void What_was_recorded_of_another_key_says_nothing()
    {
        var status = new KeyStatus { KeyId = "other" };

        Assert.Same(status, RotationHistory.WithRemembered(status, new WrittenStatus("key", [], "r1", 1, Attempt)));
    }
}
