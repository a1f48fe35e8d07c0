using KmsSimulator.Keys;
using KmsSimulator.State;

namespace KmsSimulator.Rotation;

/// <summary>Rotations that happen by themselves, on the primary's schedule.</summary>
/// <remarks>Source: AWS KMS developer guide, "Rotating AWS KMS keys".</remarks>
internal static class AutomaticRotation
{
    /// <summary>Waits for the date that was just set.</summary>
    public static void Schedule(KmsAccount account, KeyGroup group, DateTimeOffset date) => account.At(date, at =>
    {
        // Superseded dates are ignored; so is one that finds the key disabled: it rotates when it is enabled again.
        if (group.Shared.Current!.NextRotationDate == date
            && group.Members.GetValueOrDefault(group.Shared.Current.PrimaryRegion)?.Current.State is KeyState.Enabled or KeyState.Updating)
        {
            Rotate(account, group, at);
        }
    });

    /// <summary>Rotates a key that was disabled when its date came.</summary>
    public static void CatchUp(KmsAccount account, KeyEntry key, DateTimeOffset now)
    {
        if (key.IsPrimary && key.Shared.NextRotationDate <= now)
            Rotate(account, key.Group, now);
    }

    private static void Rotate(KmsAccount account, KeyGroup group, DateTimeOffset at)
    {
        var shared = group.Shared.Current!;
        var next = at.AddDays(shared.RotationPeriodInDays!.Value);
        group.Shared.Write(
            shared with
            {
                Materials = shared.Materials.Add(
                    CreateKeyOperation.NewMaterial(account, group, shared.Materials.Length, at, "AUTOMATIC")),
                NextRotationDate = next,
            },
            at,
            at);
        Schedule(account, group, next);
    }
}
