namespace KmsOperator.Planning;

/// <summary>The replicas of a primary that is to be deleted.</summary>
/// <param name="WholeKeyGoes">Whether the ServiceKey is being deleted, and with it the key in all Regions.</param>
/// <param name="InUse">ARNs of the replicas whose deletion nobody has scheduled.</param>
/// <param name="MayBeOld">Whether KMS may not show yet that one of them was scheduled for deletion.</param>
public sealed record ReplicasInDeletion(bool WholeKeyGoes, IReadOnlyList<string> InUse, bool MayBeOld);
