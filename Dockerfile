FROM python:3.11-slim
WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY stream stream
COPY consumers consumers
COPY producers producers
COPY eddyline eddyline
RUN pip install --no-cache-dir -c constraints.txt .
USER nobody
ENTRYPOINT ["eddyline"]
