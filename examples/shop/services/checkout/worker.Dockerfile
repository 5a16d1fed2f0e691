FROM scratch
COPY checkout-worker /checkout-worker
ENTRYPOINT ["/checkout-worker"]
