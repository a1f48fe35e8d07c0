namespace KmsOperator.Planning;

/// <summary>Names of the KeyReplicas that the operator creates for <c>spec.replicaRegions</c>.</summary>
public static class ReplicaNames
{
    /// <summary>The name of the KeyReplica of a ServiceKey in a Region.</summary>
    public static string Of(string primaryName, string region) => $"{primaryName}-{region}";
}
