using System.Net.Http.Headers;

namespace NovaCow.Images;

/// <summary>
/// What names one version of a resource well enough to go on with it (RFC 9110, 13.1.5): a strong
/// entity tag, or, where there is no tag at all, a modification date that is old enough.
/// </summary>
internal sealed record Validator
{
    public string? ETag { get; init; }

    public DateTimeOffset? LastModified { get; init; }

    /// <summary>The validator of a response, or null if it cannot be resumed.</summary>
    public static Validator? Of(HttpResponseMessage response)
    {
        if (response.Headers.ETag is { } tag)
            return tag.IsWeak ? null : new Validator { ETag = tag.Tag };

        // Within the same second the file may have changed once more.
        return response.Content.Headers.LastModified is { } modified
            && response.Headers.Date is { } date
            && date - modified >= TimeSpan.FromSeconds(1)
                ? new Validator { LastModified = modified }
                : null;
    }

    public RangeConditionHeaderValue ToIfRange() =>
        ETag is not null
            ? new RangeConditionHeaderValue(new EntityTagHeaderValue(ETag))
            : new RangeConditionHeaderValue(LastModified!.Value);

    /// <summary>Whether a partial response is of this version, as far as it says.</summary>
    public bool Fits(HttpResponseMessage response) =>
        ETag is not null
            ? response.Headers.ETag is { IsWeak: false } tag && tag.Tag == ETag
            : response.Headers.ETag is null
                && response.Content.Headers.LastModified is var modified
                && (modified is null || modified == LastModified);
}
