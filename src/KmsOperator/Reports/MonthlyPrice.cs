using KmsOperator.Planning;

namespace KmsOperator.Reports;

/// <summary>What AWS charges for a key.</summary>
/// <remarks>Source: AWS KMS pricing: one dollar a month for each key, replicas included; the first and the second rotation add one each; no charge while deletion is scheduled.</remarks>
internal static class MonthlyPrice
{
    private const int MaxPaidRotations = 2;

    /// <summary>US dollars a month, without requests.</summary>
    /// <param name="state">KMS's word for the key's state.</param>
    /// <param name="rotations">How often it was rotated.</param>
    public static int Of(string state, int rotations) => KeyStates.IsPendingDeletion(state) ? 0 : 1 + Math.Min(rotations, MaxPaidRotations);
}
